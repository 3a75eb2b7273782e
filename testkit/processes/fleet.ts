import { FleetProcess } from "./fleet-process.ts";
import { hasRedis, RedisProcess } from "./redis.ts";
import { RoundRobin } from "./round-robin.ts";

export interface FleetOptions {
  /** Gateway processes. */
  readonly replicas: number;
  /** Of the balancer before them; 0 is any free one. */
  readonly port: number;
  readonly backends: readonly object[];
}

/** Gateway processes that share their sessions in a Redis of their own, behind a balancer. */
export class Fleet {
  readonly gateways: readonly FleetProcess[];
  readonly front: RoundRobin;
  readonly #redis: RedisProcess;

  private constructor(redis: RedisProcess, gateways: readonly FleetProcess[], front: RoundRobin) {
    this.#redis = redis;
    this.gateways = gateways;
    this.front = front;
  }

  /** @throws there is no Redis here; what does not start. Nothing is left running then. */
  static async start({ replicas, port, backends }: FleetOptions): Promise<Fleet> {
    if (!hasRedis) {
      throw new Error(
        `REPLICAS=${replicas} needs a Redis for the sessions that the processes share: put redis-server and redis-sentinel on PATH`,
      );
    }
    const redis = await RedisProcess.server();
    // Once it has been stopped, this does nothing.
    process.once("exit", () => void redis.kill());
    const sessionStorage = { provider: "redis", address: `127.0.0.1:${redis.port}` };
    const starts = await Promise.allSettled(
      Array.from({ length: replicas }, () =>
        FleetProcess.start({ name: "demo", backends, sessionStorage }),
      ),
    );
    const gateways = starts.flatMap((start) => (start.status === "fulfilled" ? [start.value] : []));
    try {
      for (const start of starts) if (start.status === "rejected") throw start.reason;
      const front = await RoundRobin.start({ targets: gateways.map(({ url }) => url), port });
      return new Fleet(redis, gateways, front);
    } catch (error) {
      await Promise.all([...gateways, redis].map((one) => one.stop()));
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.front.close();
    await Promise.all([...this.gateways, this.#redis].map((one) => one.stop()));
  }
}
