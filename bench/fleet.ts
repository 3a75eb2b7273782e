import { join } from "node:path";
import { MeasuredProcess } from "../testkit/processes/measured-process.ts";
import { RedisProcess } from "../testkit/processes/redis.ts";

const ROOT = join(import.meta.dirname, "..");

export interface BackendCounts {
  readonly requests: number;
  readonly connections: number;
}

type Environment = Readonly<Record<string, string>>;

/** Checks of pods by all proxies at once would be taken for requests of whoever is called. */
const RARE_CHECKS: Environment = {
  MCP_FLEET_OPERATIONAL_FAILURE_HANDLING_HEALTH_CHECK_INTERVAL: "10m",
};

type Store = "memory" | "redis";

export interface Layers {
  readonly gateways: readonly MeasuredProcess[];
  /** What the gateways call. */
  readonly proxies: readonly MeasuredProcess[];
}

/** Everything that the bench has running: one backend, one Redis, and what stands in front of them. */
export class Fleet {
  readonly backend: MeasuredProcess;
  readonly redis: RedisProcess;
  readonly #started: MeasuredProcess[] = [];

  private constructor(backend: MeasuredProcess, redis: RedisProcess) {
    this.backend = backend;
    this.redis = redis;
  }

  static async start(): Promise<Fleet> {
    const backend = await MeasuredProcess.start([join(ROOT, "testkit/servers/echo-backend.ts")]);
    return new Fleet(backend, await RedisProcess.server());
  }

  async passThrough(): Promise<MeasuredProcess> {
    return this.script(join(import.meta.dirname, "pass-through.ts"), this.backend.url);
  }

  /** A script that says at which URL it answers. */
  script(file: string, ...args: readonly string[]): Promise<MeasuredProcess> {
    return this.#start([file, ...args]);
  }

  /** A gateway before another backend than ours. */
  async gatewayOf(url: string): Promise<MeasuredProcess> {
    const [gateway] = await this.#serve("gateway", [{ url }], "memory");
    if (gateway === undefined) throw new Error("no gateway");
    return gateway;
  }

  /** Gateways with everything at its default, but for where sessions live and how often pods are checked. */
  gateways(count: number, store: Store): Promise<MeasuredProcess[]> {
    const { url } = this.backend;
    return this.#serve(
      "gateway",
      Array.from({ length: count }, () => ({ url })),
      store,
    );
  }

  /** Proxies, likewise. Their backend is one whose sessions stay on their pods. */
  proxies(count: number, store: Store): Promise<MeasuredProcess[]> {
    const pods = { urls: [this.backend.url], stateful: true };
    return this.#serve(
      "proxy",
      Array.from({ length: count }, () => pods),
      store,
    );
  }

  /** Gateways over Redis, each before a proxy of its own: a session that any gateway serves comes by any proxy. */
  async gatewaysOverProxies(count: number): Promise<Layers> {
    const proxies = await this.proxies(count, "redis");
    const gateways = await this.#serve(
      "gateway",
      proxies.map(({ url }) => ({ url })),
      "redis",
    );
    return { gateways, proxies };
  }

  /** What has reached the backend so far; asking is not counted as a request, but as a connection. */
  async backendCounts(): Promise<BackendCounts> {
    const url = new URL("/counts", this.backend.url);
    const response = await fetch(url, { headers: { connection: "close" } });
    const { requests, connections }: { requests: Record<string, number>; connections: number } =
      JSON.parse(await response.text());
    return {
      requests: Object.values(requests).reduce((sum, count) => sum + count, 0),
      connections,
    };
  }

  async stop(): Promise<void> {
    await Promise.all(this.#started.map((process) => process.stop()));
    await this.backend.stop();
    await this.redis.stop();
  }

  /** A process for each address of a backend, with one store for all of them. */
  async #serve(
    role: "gateway" | "proxy",
    addresses: readonly object[],
    store: Store,
  ): Promise<MeasuredProcess[]> {
    const shared: Environment = store === "redis" ? this.#redisStore() : {};
    const args = [join(ROOT, "runtime/cli/main.ts"), role, "--port", "0", "--admin-port", "0"];
    const started: MeasuredProcess[] = [];
    for (const address of addresses) {
      const MCP_FLEET_BACKENDS = JSON.stringify([{ name: "b", ...address }]);
      started.push(await this.#start(args, { MCP_FLEET_BACKENDS, ...RARE_CHECKS, ...shared }));
    }
    return started;
  }

  #redisStore(): Environment {
    return {
      MCP_FLEET_SESSION_STORAGE_PROVIDER: "redis",
      MCP_FLEET_SESSION_STORAGE_ADDRESS: `127.0.0.1:${this.redis.port}`,
      // Sessions of two fleets do not meet.
      MCP_FLEET_SESSION_STORAGE_KEY_PREFIX: `bench-${this.#started.length}:`,
    };
  }

  async #start(args: readonly string[], environment: Environment = {}): Promise<MeasuredProcess> {
    const process = await MeasuredProcess.start(args, environment);
    this.#started.push(process);
    return process;
  }
}
