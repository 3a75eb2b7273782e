import type { RedisSettings } from "@mcp-fleet/contract/settings";
import { Cluster, Command, Redis } from "ioredis";
import type { ClusterState } from "../cluster-state.ts";
import { clusterOptions, type Patience, readSecrets, redisOptions } from "./redis-options.ts";

/** The client of one server, or of a cluster: it takes the same commands, and sends each to the node of its keys. */
export type RedisClient = Redis | Cluster;

/**
 * A client that is not connected yet.
 *
 * @param onRetry called before each attempt to connect to a server. A cluster is connected to once.
 * @throws those of the file system, for passwords and certificates.
 */
export function newClient(settings: RedisSettings, onRetry: (client: Redis) => void): RedisClient {
  if (settings.cluster !== undefined) {
    const cluster = new Cluster([...settings.cluster.addresses], clusterOptions(settings));
    return cluster.on("+node", heedAsking);
  }
  const options = redisOptions(settings);
  const refreshed = (retry: Patience) => (attempt: number) => {
    onRetry(client);
    return retry(attempt);
  };
  const client: Redis = new Redis({
    ...options,
    ...readSecrets(settings),
    retryStrategy: refreshed(options.retryStrategy),
    sentinelRetryStrategy: refreshed(options.sentinelRetryStrategy),
  });
  return client;
}

/** Before a command that a node was asked to take, ASKING is sent; ioredis leaves it unheeded when that fails. */
function heedAsking(node: Redis): void {
  const asking = node.asking.bind(node);
  node.asking = (...args) => {
    const sent = asking(...args);
    sent.catch(() => {});
    return sent;
  };
}

/** What the nodes of a cluster have said of it; undefined for a client of one server. */
export function clusterOf(
  client: RedisClient,
  key: string,
): Pick<ClusterState, "shards" | "replicas"> | undefined {
  if (!(client instanceof Cluster)) return undefined;
  const masters = new Set(client.slots.flatMap(([master = ""]) => master));
  return { shards: masters.size, replicas: replicasOf(client, key).length };
}

function replicasOf(client: Cluster, key: string): readonly string[] {
  const [, ...replicas] = client.slots[new Command("exists", [key]).getSlot()] ?? [];
  return replicas;
}

/** How many replicas can confirm what the master of a key says: with Sentinel always one, in a cluster where the shard has any. */
export function confirmingReplicas(client: RedisClient, key: string): 0 | 1 {
  if (!(client instanceof Cluster)) return 1;
  return replicasOf(client, key).length > 0 ? 1 : 0;
}
