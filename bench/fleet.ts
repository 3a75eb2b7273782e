import { join } from "node:path";

import { RedisProcess } from "../test/support/redis.ts";
import { MeasuredProcess } from "./measured-process.ts";

const ROOT = join(import.meta.dirname, "..");

export interface BackendCounts {
  readonly requests: number;
  readonly connections: number;
}

type Environment = Readonly<Record<string, string>>;

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
    const backend = await MeasuredProcess.start([join(ROOT, "test/support/counting-backend.ts")]);
    return new Fleet(backend, await RedisProcess.server());
  }

  async passThrough(): Promise<MeasuredProcess> {
    return this.#start([join(import.meta.dirname, "pass-through.ts"), this.backend.url]);
  }

  /** Gateways with everything at its default, but for where sessions live. */
  async gateways(count: number, store: "memory" | "redis"): Promise<MeasuredProcess[]> {
    const environment: Environment = {
      MCP_FLEET_BACKENDS: JSON.stringify([{ name: "b", url: this.backend.url }]),
      ...(store === "redis" && {
        MCP_FLEET_SESSION_STORAGE_PROVIDER: "redis",
        MCP_FLEET_SESSION_STORAGE_ADDRESS: `127.0.0.1:${this.redis.port}`,
        // Sessions of two fleets do not meet.
        MCP_FLEET_SESSION_STORAGE_KEY_PREFIX: `bench-${this.#started.length}:`,
      }),
    };
    const args = [join(ROOT, "runtime/main.ts"), "gateway", "--port", "0", "--admin-port", "0"];
    const started: MeasuredProcess[] = [];
    while (started.length < count) started.push(await this.#start(args, environment));
    return started;
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

  async #start(args: readonly string[], environment: Environment = {}): Promise<MeasuredProcess> {
    const process = await MeasuredProcess.start(args, environment);
    this.#started.push(process);
    return process;
  }
}
