import type { Role } from "@mcp-fleet/contract/settings";
import { FleetProcess } from "./fleet-process.ts";
import { hasRedis, RedisProcess } from "./redis.ts";
import { RoundRobin, type RoundRobinOptions } from "./round-robin.ts";

export interface FleetOptions {
  /** What the file of each process says, its session storage aside. */
  readonly configuration: object;
  readonly replicas: number;
  /** Default: `gateway`. */
  readonly role?: Role;
  /** Of the balancer before them. Default: any free one. */
  readonly port?: number;
  /** Sees every request before the balancer sends it on, and may hold it. */
  readonly before?: NonNullable<RoundRobinOptions["before"]>;
}

/** Processes of one role that share their sessions in a Redis of their own, behind a balancer. */
export class Fleet {
  readonly processes: readonly FleetProcess[];
  readonly front: RoundRobin;
  readonly #redis: RedisProcess;

  private constructor(redis: RedisProcess, processes: readonly FleetProcess[], front: RoundRobin) {
    this.#redis = redis;
    this.processes = processes;
    this.front = front;
  }

  /** @throws there is no Redis here; what does not start. Nothing is left running then. */
  static async start(options: FleetOptions): Promise<Fleet> {
    const { configuration, replicas, role = "gateway", ...front } = options;
    if (!hasRedis) {
      throw new Error(
        `REPLICAS=${replicas} needs a Redis for the sessions that the processes share: put valkey-server or redis-server on PATH`,
      );
    }
    const redis = await RedisProcess.server();
    const sessionStorage = { provider: "redis", address: `127.0.0.1:${redis.port}` };
    const whole = { ...configuration, sessionStorage };
    const starts = await Promise.allSettled(
      Array.from({ length: replicas }, () => FleetProcess.start(whole, role)),
    );
    const processes = starts.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
    try {
      for (const start of starts) if (start.status === "rejected") throw start.reason;
      const targets = processes.map(({ url }) => url);
      return new Fleet(redis, processes, await RoundRobin.start({ targets, ...front }));
    } catch (error) {
      await Promise.all([...processes, redis].map((one) => one.stop()));
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.front.close();
    await Promise.all([...this.processes, this.#redis].map((one) => one.stop()));
  }
}
