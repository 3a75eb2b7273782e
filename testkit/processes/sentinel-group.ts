import { RedisProcess } from "./redis.ts";
import { until } from "./until.ts";

/** A Redis master, 2 replicas of it, and 3 Sentinels that watch them under the name `fleet`. */
export class SentinelGroup {
  readonly master: RedisProcess;
  readonly replicas: readonly RedisProcess[];
  readonly sentinels: readonly RedisProcess[];

  private constructor(
    master: RedisProcess,
    replicas: readonly RedisProcess[],
    sentinels: readonly RedisProcess[],
  ) {
    this.master = master;
    this.replicas = replicas;
    this.sentinels = sentinels;
  }

  /** Resolves when every Sentinel knows all the others and both replicas. */
  static async start(): Promise<SentinelGroup> {
    const master = await RedisProcess.server(["min-replicas-to-write 1"]);
    const replicaOf = ["min-replicas-to-write 1", `replicaof 127.0.0.1 ${master.port}`];
    const replicas = await Promise.all([1, 2].map(() => RedisProcess.server(replicaOf)));
    await until("2 replicas of the master", async () =>
      String(await master.ask("INFO", "replication")).includes("slave1:"),
    );
    const sentinels = await Promise.all([1, 2, 3].map(() => RedisProcess.sentinel(master.port)));
    const group = new SentinelGroup(master, replicas, sentinels);
    await group.complete();
    return group;
  }

  /** What `sessionStorage.sentinel.addrs` takes. */
  get addresses(): string[] {
    return this.sentinels.map(({ port }) => `127.0.0.1:${port}`);
  }

  /** Resolves when every Sentinel knows all the others and both replicas. */
  async complete(): Promise<void> {
    for (const sentinel of this.sentinels) {
      await until("a Sentinel that knows all the others", async () => {
        const info = await sentinel.ask("INFO", "sentinel").catch(() => "");
        return String(info).includes("slaves=2,sentinels=3");
      });
    }
  }

  /** Resolves when these Sentinels name one master, and it is not the first one any more. */
  async replaced(sentinels = this.sentinels): Promise<void> {
    const named = async () => {
      const names = sentinels.map((one) =>
        one.ask("SENTINEL", "get-master-addr-by-name", "fleet").then(String),
      );
      return new Set(await Promise.all(names));
    };
    const isReplaced = async () => {
      const names = await named();
      return names.size === 1 && !names.has(`127.0.0.1,${this.master.port}`);
    };
    await until("another master", () => isReplaced().catch(() => false));
  }

  /** Cuts the connections of all clients, so that each has to ask again who is the master. */
  async cutClients(): Promise<void> {
    for (const server of [this.master, ...this.replicas]) {
      await server.ask("CLIENT", "KILL", "TYPE", "normal").catch(() => {});
    }
  }

  async stop(): Promise<void> {
    for (const process of [...this.sentinels, this.master, ...this.replicas]) await process.stop();
  }
}
