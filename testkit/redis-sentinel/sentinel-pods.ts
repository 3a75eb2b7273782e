import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "node:tls";
import type { RedisSettings } from "@mcp-fleet/contract/settings";
import type { RedisOptions } from "ioredis";
import { expect, vi } from "vitest";
import {
  nodeSecret,
  type RedisPasswords,
  RedisUser,
  sentinelSecret,
} from "../../infra/redis/acl.ts";
import type { Engine } from "../../infra/redis/engine.ts";
import type { KeySpace } from "../../infra/redis/key-space.ts";
import { MASTER_NAME, MOUNTS, NODE, podEnvironment, SENTINEL } from "../../infra/redis/pods.ts";
import {
  LIMITS_FILE,
  type Limits,
  limitsFile,
  type Persistence,
  redisConf,
} from "../../infra/redis/redis-conf.ts";
import { scriptFiles } from "../../infra/redis/scripts.ts";
import { sentinelConf } from "../../infra/redis/sentinel-conf.ts";
import { askRedis } from "../processes/ask-redis.ts";
import { freePorts } from "../processes/free-ports.ts";
import { selfSigned } from "../processes/self-signed.ts";
import { ENGINE_PATH } from "../processes/store-engine.ts";
import { Pod } from "./pod.ts";

/** A node whose state the Sentinels had no reason to ask for is looked at after up to 30 s. */
const PATIENCE = { timeout: 120_000, interval: 200 };

const KEY_PREFIX = "mcp-fleet:";

/** Sees what the others do, and what they are refused; a cluster has no such user. */
const AUDITOR = { username: "auditor", password: randomBytes(16).toString("hex") };
const AUDITOR_LINE = `user ${AUDITOR.username} on >${AUDITOR.password} ~* &* +@all\n`;

const CA_FILE = "ca.crt";

/** What is in the certificate of `selfSigned`. */
const SERVERNAME = { servername: "redis.test" };

let groups = 0;

export interface SentinelPodsParts {
  readonly engine: Engine;
  readonly persistence: Persistence;
  /** Default: plain connections. */
  readonly tls?: boolean;
  /** How long each certificate lasts. Default: longer than any test. */
  readonly certificateSeconds?: number;
}

/** Of all servers, and of all Sentinels. */
interface Ports {
  readonly node: number;
  readonly sentinel: number;
}

/** Somebody who asked for something that is not theirs to do. */
export interface Refusal {
  readonly pod: string;
  readonly username: string;
  readonly object: string;
}

/** 3 servers and 3 Sentinels, run by the scripts and from the files that the pods of a cluster get. */
export class SentinelPods {
  readonly nodes: readonly Pod[];
  readonly sentinels: readonly Pod[];
  /** What a gateway is configured with. */
  readonly settings: RedisSettings;
  readonly #folder: string;
  readonly #ports: Ports;
  readonly #engine: Engine;
  readonly #passwords = passwordForEach();
  readonly #certificateSeconds: number | undefined;
  #expiresAtMs = Number.POSITIVE_INFINITY;
  /** What clients trust; undefined without TLS. */
  readonly #caFile: string | undefined;

  private constructor(parts: SentinelPodsParts, ports: Ports) {
    const { engine, persistence, tls = false } = parts;
    this.#certificateSeconds = parts.certificateSeconds;
    const folder = mkdtempSync(join(tmpdir(), "mcp-fleet-sentinel-"));
    groups += 1;
    const network = `127.${1 + (process.pid % 254)}.${groups}`;
    const addresses = {
      nodes: [1, 2, 3].map((host) => `${network}.${host}`),
      sentinels: [11, 12, 13].map((host) => `${network}.${host}`),
    };
    this.#folder = folder;
    this.#ports = ports;
    this.#engine = engine;
    const configuration = join(folder, "configuration");
    const conf = redisConf({ maxMemoryBytes: 256 * 2 ** 20, replicas: 2, persistence });
    writeFiles(join(folder, "scripts"), scriptFiles());
    writeFiles(configuration, {
      "redis.conf": conf.replaceAll(MOUNTS.configuration, configuration),
      "sentinel.conf": sentinelConf({ masterName: MASTER_NAME }),
    });
    this.limit({ maxClients: 1_000 });
    this.admit([]);
    writeFiles(folder, { "gateway-password": this.#passwords.gateway });
    const caFile = tls ? join(folder, "tls", CA_FILE) : undefined;
    this.#caFile = caFile;
    if (tls) this.renew();

    const pod = (kind: "nodes" | "sentinels") => (address: string, ordinal: number) =>
      new Pod({
        name: `${kind}-${ordinal}`,
        address,
        folders: { scripts: join(folder, "scripts"), pod: join(folder, `${kind}-${ordinal}`) },
        environment: {
          ...podEnvironment({ engine, ...addresses }),
          PATH: `${ENGINE_PATH}:${process.env.PATH}`,
          PORT: String(ports.node),
          SENTINEL_PORT: String(ports.sentinel),
          CONFIGURATION: configuration,
          SECRETS: join(folder, kind),
          TLS: tls ? join(folder, "tls") : "",
          LISTEN: address,
          RELOAD_SECONDS: "1",
        },
        commands: kind === "nodes" ? NODE : SENTINEL,
      });
    this.nodes = addresses.nodes.map(pod("nodes"));
    this.sentinels = addresses.sentinels.map(pod("sentinels"));
    const access = {
      username: RedisUser.Gateway,
      passwordFile: join(folder, "gateway-password"),
      ...(caFile !== undefined && { tls: { caFile, ...SERVERNAME } }),
    };
    this.settings = {
      provider: "redis",
      db: 0,
      keyPrefix: KEY_PREFIX,
      recordFormat: 1,
      ...access,
      sentinel: {
        masterName: MASTER_NAME,
        addresses: addresses.sentinels.map((host) => ({ host, port: ports.sentinel })),
        ...access,
      },
    };
  }

  /** All of them at once, as a first deployment does. */
  static async start(parts: SentinelPodsParts): Promise<SentinelPods> {
    const [node = 0, sentinel = 0] = await freePorts(2);
    const group = new SentinelPods(parts, { node, sentinel });
    for (const pod of group.#pods) pod.start();
    return group;
  }

  /** Changes the Secrets as an update does: users of single gateways and servers, each with its name as its password. */
  admit(users: readonly KeySpace[]): void {
    const own = Object.fromEntries(users.map(({ name }) => [name, name]));
    const passwords = { ...this.#passwords, users: own };
    const parts = { passwords, keyPrefix: KEY_PREFIX, engine: this.#engine, users };
    writeFiles(join(this.#folder, "nodes"), audited(nodeSecret(parts)));
    writeFiles(join(this.#folder, "sentinels"), audited(sentinelSecret(passwords, this.#engine)));
  }

  /** Changes the ConfigMap of limits as an update does. */
  limit(limits: Limits): void {
    writeFiles(join(this.#folder, "configuration"), { [LIMITS_FILE]: limitsFile(limits) });
  }

  /** Puts a new certificate into the Secret, of a new authority. */
  renew(): void {
    const made = mkdtempSync(join(this.#folder, "made-"));
    const { cert, key, expiresAtMs } = selfSigned(made, this.#certificateSeconds);
    this.#expiresAtMs = expiresAtMs;
    writeFiles(join(this.#folder, "tls"), {
      "tls.crt": readFileSync(cert, "utf8"),
      "tls.key": readFileSync(key, "utf8"),
      [CA_FILE]: readFileSync(cert, "utf8"),
    });
  }

  /** When the certificate expires that was put into the Secret last. */
  get expiresAtMs(): number {
    return this.#expiresAtMs;
  }

  /** The fingerprint of the certificate that each pod shows to a new connection; undefined where it shows none. */
  async certificates(): Promise<readonly (string | undefined)[]> {
    return await Promise.all(this.#pods.map((pod) => shownBy(pod.address, this.#portOf(pod))));
  }

  /** What a client of this user is configured with. */
  settingsOf({ name, keyPrefix }: KeySpace): RedisSettings {
    const passwordFile = join(this.#folder, `${name}-password`);
    writeFileSync(passwordFile, name);
    const access = { username: name, passwordFile };
    const { sentinel } = this.settings;
    return {
      ...this.settings,
      ...access,
      keyPrefix,
      ...(sentinel && { sentinel: { ...sentinel, ...access } }),
    };
  }

  /** Resolves to the master when all Sentinels name it, know both replicas and each other, and all pods are ready. */
  async healthy(): Promise<Pod> {
    await vi.waitFor(async () => expect(await this.#complaints()).toEqual([]), PATIENCE);
    return this.master();
  }

  /** The server that most Sentinels name. */
  async master(): Promise<Pod> {
    const named = await Promise.all(this.sentinels.map((sentinel) => this.#namedBy(sentinel)));
    const [master] = this.nodes
      .map((node) => ({ node, votes: named.filter((name) => name === node.address).length }))
      .sort((one, other) => other.votes - one.votes);
    if (master === undefined || master.votes < 2) throw new Error(`no master: ${named}`);
    return master.node;
  }

  /** What a server or a Sentinel answers to the auditor. */
  ask(pod: Pod, command: string, ...args: string[]): Promise<unknown> {
    const options: RedisOptions = {
      host: pod.address,
      port: this.#portOf(pod),
      ...AUDITOR,
      ...(this.#caFile !== undefined && {
        tls: { ca: readFileSync(this.#caFile), ...SERVERNAME },
      }),
      retryStrategy: () => null,
      connectTimeout: 1_000,
      commandTimeout: 1_000,
      disableClientInfo: true,
    };
    return askRedis(options, command, ...args);
  }

  /** What anybody has been refused since the pods have started, or the last `ACL LOG RESET`. */
  async refusals(): Promise<readonly Refusal[]> {
    const logs = this.#pods.map(async (pod) => {
      const entries = await this.ask(pod, "ACL", "LOG");
      return (Array.isArray(entries) ? entries : []).map((entry) => ({
        pod: pod.name,
        username: fieldOf(entry, "username"),
        object: fieldOf(entry, "object"),
      }));
    });
    return (await Promise.all(logs)).flat();
  }

  /** Everything that the pods have printed. */
  get output(): string {
    return this.#pods.map(({ name, output }) => `== ${name}\n${output}`).join("\n");
  }

  async stop(): Promise<void> {
    await Promise.all(this.#pods.map((pod) => pod.lose()));
    rmSync(this.#folder, { recursive: true, force: true });
  }

  get #pods(): readonly Pod[] {
    return [...this.nodes, ...this.sentinels];
  }

  #portOf(pod: Pod): number {
    return this.nodes.includes(pod) ? this.#ports.node : this.#ports.sentinel;
  }

  /** What is missing until the group is whole. */
  async #complaints(): Promise<readonly string[]> {
    const missing: string[] = [];
    const all = this.sentinels.map((sentinel) => this.#namedBy(sentinel).catch(() => "nobody"));
    const named = new Set(await Promise.all(all));
    if (named.size !== 1) missing.push(`one master, not ${[...named].join(" and ")}`);
    for (const sentinel of this.sentinels) {
      const info = await this.ask(sentinel, "INFO", "sentinel").catch(String);
      if (!String(info).includes("status=ok") || !String(info).includes("slaves=2,sentinels=3")) {
        missing.push(`${sentinel.name} knows all: ${info}`);
      }
      const replicas = await this.ask(sentinel, "SENTINEL", "REPLICAS", MASTER_NAME).catch(String);
      if (!flagsOf(replicas).every((flags) => flags === "slave")) {
        missing.push(`${sentinel.name} sees replicas, not ${flagsOf(replicas)}`);
      }
    }
    const followers = this.nodes.map((node) => this.ask(node, "INFO", "replication").catch(String));
    const roles = (await Promise.all(followers)).map(roleOf).sort();
    if (roles.join() !== "master with 2,slave up,slave up") missing.push(`roles, not ${roles}`);
    if (missing.length > 0) return missing;
    const ready = await Promise.all(this.#pods.map((pod) => pod.isReady()));
    return this.#pods.filter((_, at) => !ready[at]).map(({ name }) => `${name} is ready`);
  }

  async #namedBy(sentinel: Pod): Promise<string> {
    const address = await this.ask(sentinel, "SENTINEL", "get-master-addr-by-name", MASTER_NAME);
    return String(address).split(",")[0] ?? "";
  }
}

function roleOf(info: unknown): string {
  const field = (name: string) => new RegExp(`^${name}:(.*?)\r?$`, "m").exec(String(info))?.[1];
  const isMaster = field("role") === "master";
  return isMaster
    ? `master with ${field("connected_slaves")}`
    : `slave ${field("master_link_status")}`;
}

/** Of each replica in the reply to SENTINEL REPLICAS. */
function flagsOf(replicas: unknown): readonly string[] {
  return (Array.isArray(replicas) ? replicas : []).map((replica) => fieldOf(replica, "flags"));
}

/** A field of what Redis calls a map: names and values in turn, or an object. */
function fieldOf(map: unknown, name: string): string {
  if (Array.isArray(map)) return String(map[map.indexOf(name) + 1]);
  return String(new Map(Object.entries(Object(map))).get(name));
}

/** The Secret with the auditor among its users. */
function audited(files: Readonly<Record<string, string>>): Record<string, string> {
  return { ...files, "users.acl": files["users.acl"] + AUDITOR_LINE };
}

function passwordForEach(): RedisPasswords {
  const password = () => randomBytes(16).toString("hex");
  return {
    gateway: password(),
    replica: password(),
    sentinel: password(),
    peer: password(),
    operator: password(),
    exporter: password(),
  };
}

async function shownBy(host: string, port: number): Promise<string | undefined> {
  const socket = connect({ host, port, rejectUnauthorized: false });
  try {
    await once(socket, "secureConnect");
    return socket.getPeerX509Certificate()?.fingerprint256;
  } catch {
    return undefined;
  } finally {
    socket.destroy();
  }
}

/** Each file is there as a whole, or not yet. */
function writeFiles(folder: string, files: Readonly<Record<string, string>>): void {
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(join(folder, `.${name}`), text);
    renameSync(join(folder, `.${name}`), join(folder, name));
  }
}
