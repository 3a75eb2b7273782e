import { randomUUID } from "node:crypto";
import { Command } from "ioredis";
import { freePort } from "./free-ports.ts";
import { RedisProcess } from "./redis.ts";
import { until } from "./until.ts";

const SLOTS = 16_384;

/** The first slot of each shard, and the end. */
const BOUNDS = [0, 5_461, 10_923, SLOTS] as const;

/** Long enough for a machine that is busy with something else; a master is replaced some three times later. */
const NODE_TIMEOUT_MS = 2_000;

/** Keys that one command moves. */
const MOVED_KEYS = 100;

/** A cluster of 3 shards. The first one has a replica, so that its master can be lost. */
export class RedisCluster {
  readonly masters: readonly RedisProcess[];
  /** The replica of the first shard. */
  readonly replica: RedisProcess;

  private constructor(masters: readonly RedisProcess[], replica: RedisProcess) {
    this.masters = masters;
    this.replica = replica;
  }

  /**
   * Resolves when every node knows all others, and serves.
   *
   * @param config more lines of each node's configuration.
   */
  static async start(config: readonly string[] = []): Promise<RedisCluster> {
    const [replica, ...masters] = await Promise.all(
      [0, 1, 2, 3].map((epoch) => node(epoch, config)),
    );
    const [first] = masters;
    if (replica === undefined || first === undefined) throw new Error("there are 4 nodes");
    const cluster = new RedisCluster(masters, replica);
    await Promise.all(
      masters.map((master, shard) => {
        const [from = 0, end = 0] = BOUNDS.slice(shard);
        return master.ask("CLUSTER", "ADDSLOTSRANGE", String(from), String(end - 1));
      }),
    );
    for (const other of cluster.nodes.slice(1)) {
      const bus = await busPort(other);
      await first.ask("CLUSTER", "MEET", "127.0.0.1", String(other.port), bus);
    }
    await until("4 nodes that know each other", async () => {
      const infos = await askAll(cluster.nodes, "CLUSTER", "INFO");
      return infos.every((info) =>
        ["cluster_state:ok", "cluster_known_nodes:4"].every((line) => info.includes(line)),
      );
    });
    await replica.ask("CLUSTER", "REPLICATE", String(await first.ask("CLUSTER", "MYID")));
    await until("a replica that every node names", async () => {
      const maps = await askAll(cluster.nodes, "CLUSTER", "SLOTS");
      return maps.every((map) => map.includes(`,${replica.port},`));
    });
    return cluster;
  }

  /** All nodes: the masters of the beginning, then the replica. */
  get nodes(): readonly RedisProcess[] {
    return [...this.masters, this.replica];
  }

  /** What `sessionStorage.cluster.addrs` takes. */
  get addresses(): string[] {
    return this.nodes.map(({ port }) => `127.0.0.1:${port}`);
  }

  /** The first master of the shard that a key is on. */
  masterOf(key: string): RedisProcess {
    const slot = slotOf(key);
    const master = this.masters[BOUNDS.findLastIndex((from) => from <= slot)];
    if (master === undefined) throw new Error(`no shard has the slot ${slot}`);
    return master;
  }

  /** A prefix of keys, hash tag included, that are on this shard. */
  prefixOn(shard: 0 | 1 | 2): string {
    for (;;) {
      const prefix = `{${randomUUID()}}:`;
      if (this.masterOf(prefix) === this.masters[shard]) return prefix;
    }
  }

  /** Resolves when the replica has taken over the first shard, and every node but the former master says so. */
  async replaced(): Promise<void> {
    const [, ...others] = this.nodes;
    await until("another master of the first shard", async () => {
      const maps = await askAll(others, "CLUSTER", "SLOTS");
      return maps.every((map) => map.startsWith(`0,5460,127.0.0.1,${this.replica.port},`));
    });
  }

  /** Moves the slot of a key to another shard as redis-cli does: keys by keys, while clients use them. */
  async moveSlot(key: string, to: RedisProcess): Promise<void> {
    await this.beginMove(key, to);
    await this.endMove(key, to);
  }

  /** From here on, keys of this one's slot may be on either shard. */
  async beginMove(key: string, to: RedisProcess): Promise<void> {
    const from = this.masterOf(key);
    const slot = String(slotOf(key));
    await to.ask("CLUSTER", "SETSLOT", slot, "IMPORTING", await nodeId(from));
    await from.ask("CLUSTER", "SETSLOT", slot, "MIGRATING", await nodeId(to));
  }

  /** Moves one key of a slot whose move has begun. */
  async moveKey(key: string, to: RedisProcess): Promise<void> {
    await migrate(this.masterOf(key), to, [key]);
  }

  /** The slot is the other shard's, with all of its keys. */
  async endMove(key: string, to: RedisProcess): Promise<void> {
    const from = this.masterOf(key);
    const slot = String(slotOf(key));
    for (;;) {
      const keys = await from.ask("CLUSTER", "GETKEYSINSLOT", slot, String(MOVED_KEYS));
      if (!Array.isArray(keys) || keys.length === 0) break;
      await migrate(from, to, keys.map(String));
    }
    const owner = ["SETSLOT", slot, "NODE", await nodeId(to)];
    for (const one of [to, from]) await one.ask("CLUSTER", ...owner);
  }

  async stop(): Promise<void> {
    for (const node of this.nodes) await node.stop();
  }
}

function askAll(nodes: readonly RedisProcess[], ...asked: [string, string]): Promise<string[]> {
  return Promise.all(nodes.map((node) => node.ask(...asked).then(String)));
}

/** The slot of a key: the hash of its tag, if it has one. */
export function slotOf(key: string): number {
  return new Command("exists", [key]).getSlot();
}

async function node(epoch: number, config: readonly string[]): Promise<RedisProcess> {
  const process = await RedisProcess.server([
    "cluster-enabled yes",
    `cluster-port ${await freePort()}`,
    `cluster-node-timeout ${NODE_TIMEOUT_MS}`,
    "cluster-replica-validity-factor 0",
    ...config,
  ]);
  await process.ask("CLUSTER", "SET-CONFIG-EPOCH", String(epoch + 1));
  return process;
}

async function migrate(from: RedisProcess, to: RedisProcess, keys: readonly string[]) {
  const target = ["127.0.0.1", String(to.port), "", "0", "5000"];
  await from.ask("MIGRATE", ...target, "KEYS", ...keys);
}

async function busPort(node: RedisProcess): Promise<string> {
  const found = await node.ask("CONFIG", "GET", "cluster-port");
  return String(found).split(",").at(-1) ?? "";
}

async function nodeId(node: RedisProcess): Promise<string> {
  return String(await node.ask("CLUSTER", "MYID"));
}
