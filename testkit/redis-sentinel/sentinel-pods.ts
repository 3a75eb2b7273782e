import { randomBytes } from "node:crypto";
import { once } from "node:events";
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
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
import { MASTER_NAME, NODE, podEnvironment, SENTINEL } from "../../infra/redis/pods.ts";
import { type Persistence, redisConf } from "../../infra/redis/redis-conf.ts";
import { scriptFiles } from "../../infra/redis/scripts.ts";
import { sentinelConf } from "../../infra/redis/sentinel-conf.ts";
import { askRedis } from "../processes/ask-redis.ts";
import { selfSigned } from "../processes/redis.ts";
import { Pod } from "./pod.ts";

/** A node whose state the Sentinels had no reason to ask for is looked at after up to 30 s. */
const PATIENCE = { timeout: 50_000, interval: 200 };

const KEY_PREFIX = "mcp-fleet:";
const TOOLS = join(import.meta.dirname, "../../.tools/redis");

/** Sees what the others do, and what they are refused; a cluster has no such user. */
const AUDITOR = { username: "auditor", password: randomBytes(16).toString("hex") };
const AUDITOR_LINE = `user ${AUDITOR.username} on >${AUDITOR.password} ~* &* +@all\n`;

/** What is in the certificate of `selfSigned`. */
const SERVERNAME = { servername: "redis.test" };

let groups = 0;

export interface SentinelPodsParts {
  readonly engine: Engine;
  readonly persistence: Persistence;
  /** Default: plain connections. */
  readonly tls?: boolean;
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
  readonly #tls: Pick<RedisOptions, "tls"> = {};

  private constructor({ engine, persistence, tls = false }: SentinelPodsParts, ports: Ports) {
    const folder = mkdtempSync(join(tmpdir(), "mcp-fleet-sentinel-"));
    const passwords = passwordForEach();
    groups += 1;
    const network = `127.${1 + (process.pid % 254)}.${groups}`;
    const addresses = {
      nodes: [1, 2, 3].map((host) => `${network}.${host}`),
      sentinels: [11, 12, 13].map((host) => `${network}.${host}`),
    };
    const base = { maxMemoryBytes: 256 * 2 ** 20, maxClients: 1_000 };
    writeFiles(join(folder, "scripts"), scriptFiles());
    writeFiles(join(folder, "configuration"), {
      "redis.conf": redisConf({ ...base, replicas: 2, persistence }),
      "sentinel.conf": sentinelConf({ masterName: MASTER_NAME }),
    });
    writeFiles(
      join(folder, "nodes"),
      audited(nodeSecret({ passwords, keyPrefix: KEY_PREFIX, engine })),
    );
    writeFiles(join(folder, "sentinels"), audited(sentinelSecret(passwords)));
    writeFiles(folder, { "gateway-password": passwords.gateway });
    const caFile = tls ? certificateIn(join(folder, "tls")) : undefined;
    if (caFile !== undefined) this.#tls = { tls: { ca: readFileSync(caFile), ...SERVERNAME } };

    const pod = (kind: "nodes" | "sentinels") => (address: string, ordinal: number) =>
      new Pod({
        name: `${kind}-${ordinal}`,
        address,
        folders: { scripts: join(folder, "scripts"), pod: join(folder, `${kind}-${ordinal}`) },
        environment: {
          ...podEnvironment({ engine, ...addresses }),
          PATH: `${TOOLS}:${process.env.PATH}`,
          PORT: String(ports.node),
          SENTINEL_PORT: String(ports.sentinel),
          CONFIGURATION: join(folder, "configuration"),
          SECRETS: join(folder, kind),
          TLS: tls ? join(folder, "tls") : "",
          LISTEN: address,
        },
        commands: kind === "nodes" ? NODE : SENTINEL,
      });
    this.nodes = addresses.nodes.map(pod("nodes"));
    this.sentinels = addresses.sentinels.map(pod("sentinels"));
    this.#folder = folder;
    this.#ports = ports;
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
    const group = new SentinelPods(parts, await freePorts());
    for (const pod of group.#pods) pod.start();
    return group;
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
      port: this.nodes.includes(pod) ? this.#ports.node : this.#ports.sentinel,
      ...AUDITOR,
      ...this.#tls,
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

/** Puts a certificate into the folder as a Secret has it. Answers the file of its authority. */
function certificateIn(folder: string): string {
  mkdirSync(folder);
  const { cert, key } = selfSigned(folder);
  const caFile = join(folder, "ca.crt");
  copyFileSync(cert, caFile);
  renameSync(cert, join(folder, "tls.crt"));
  renameSync(key, join(folder, "tls.key"));
  return caFile;
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

function writeFiles(folder: string, files: Readonly<Record<string, string>>): void {
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
}

/** Two ports that were free a moment ago. */
async function freePorts(): Promise<Ports> {
  const servers = [createServer().listen(0, "127.0.0.1"), createServer().listen(0, "127.0.0.1")];
  await Promise.all(servers.map((server) => once(server, "listening")));
  const ports = servers.map((server) => {
    const address = server.address();
    return address === null || typeof address === "string" ? 0 : address.port;
  });
  await Promise.all(servers.map((server) => once(server.close(), "close")));
  return { node: ports[0] ?? 0, sentinel: ports[1] ?? 0 };
}
