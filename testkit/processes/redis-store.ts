import { randomUUID } from "node:crypto";
import type { RedisSettings } from "@mcp-fleet/contract/settings";
import { RedisStore } from "../../runtime/store/redis/redis-store.ts";
import { Metrics } from "../../runtime/telemetry/metrics.ts";
import type { RedisProcess } from "./redis.ts";
import type { RedisCluster } from "./redis-cluster.ts";
import { log } from "./test-log.ts";

/** Settings for this server, with a prefix of their own. */
export function redisAt(server: RedisProcess, more: Partial<RedisSettings> = {}): RedisSettings {
  const address = { host: "127.0.0.1", port: server.port };
  const keyPrefix = `${randomUUID()}:`;
  return { provider: "redis", address, db: 0, keyPrefix, recordFormat: 1, ...more };
}

/** Settings for this cluster. Default: with a prefix of their own, on any shard. */
export function redisIn(
  cluster: RedisCluster,
  keyPrefix = `{${randomUUID()}}:`,
  more: Partial<RedisSettings> = {},
): RedisSettings {
  const addresses = cluster.nodes.map(({ port }) => ({ host: "127.0.0.1", port }));
  const settings = { provider: "redis", db: 0, keyPrefix, recordFormat: 1 } as const;
  return { ...settings, cluster: { addresses, natMap: {}, shards: 3 }, ...more };
}

/** A store that has been there for long: an id that it does not know is no session. */
export async function makeOld(server: RedisProcess, { keyPrefix }: RedisSettings): Promise<void> {
  await server.ask("HSET", `${keyPrefix}generation`, "id", "first", "since", "0");
}

/** A store as one process has it, which hears what others do. */
export async function openStore(settings: RedisSettings, now?: () => number): Promise<RedisStore> {
  const metrics = new Metrics();
  const store = new RedisStore({ settings, metrics, log, ...(now !== undefined && { now }) });
  await store.opened;
  return store;
}
