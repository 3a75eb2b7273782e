import { MOUNTS } from "./pods.ts";

/** Next to redis.conf. */
export const LIMITS_FILE = "limits";

/** What survives the loss of all servers at once: an append-only file on a volume, or nothing. */
export const Persistence = { Aof: "Aof", None: "None" } as const;
export type Persistence = (typeof Persistence)[keyof typeof Persistence];

/** Whether servers keep what they have on volumes. */
export const isLasting = (persistence: Persistence = Persistence.Aof): boolean =>
  persistence === Persistence.Aof;

/** What a full store does: refuse new sessions, or drop the sessions that expire next, which may be in use. */
export const Eviction = { NoEviction: "NoEviction", VolatileTtl: "VolatileTtl" } as const;
export type Eviction = (typeof Eviction)[keyof typeof Eviction];

export interface RedisConf {
  /** The number of servers without the master. */
  readonly replicas: number;
  readonly maxMemoryBytes: number;
  /** Default: Aof. */
  readonly persistence?: Persistence;
  /** Default: NoEviction. */
  readonly eviction?: Eviction;
}

/** With two replicas, one may be down while the other confirms writes. With one, its restart would refuse every write. */
const REPLICAS_TO_DEMAND_ONE = 2;

const POLICIES: Readonly<Record<Eviction, string>> = {
  NoEviction: "noeviction",
  VolatileTtl: "volatile-ttl",
};

const DISK: Readonly<Record<Persistence, readonly string[]>> = {
  Aof: [
    'save ""',
    "appendonly yes",
    "appendfsync everysec",
    // A rewrite keeps the disk busy, and waiting for it would block the server.
    "no-appendfsync-on-rewrite yes",
  ],
  None: [
    'save ""',
    "appendonly no",
    // Otherwise a replica would load the copy of its last full synchronization when it restarts.
    "rdb-del-sync-files yes",
  ],
};

/**
 * The text of redis.conf, which all servers of a group share. start-node.sh adds addresses, ports, certificates,
 * passwords and the master.
 */
export function redisConf({
  replicas,
  maxMemoryBytes,
  persistence = Persistence.Aof,
  eviction = Eviction.NoEviction,
}: RedisConf): string {
  return lines([
    `include ${MOUNTS.configuration}/${LIMITS_FILE}`,
    "protected-mode no",
    "masteruser replica",
    "timeout 0",
    "tcp-keepalive 60",
    `maxmemory ${maxMemoryBytes}`,
    `maxmemory-policy ${POLICIES[eviction]}`,
    "maxmemory-samples 10",
    "lazyfree-lazy-expire yes",
    "lazyfree-lazy-eviction yes",
    ...DISK[persistence],
    // A master without replicas may have been replaced: its writes would be lost.
    `min-replicas-to-write ${replicas >= REPLICAS_TO_DEMAND_ONE ? 1 : 0}`,
    "min-replicas-max-lag 5",
    "repl-diskless-sync yes",
    "repl-diskless-sync-delay 0",
    "repl-backlog-size 64mb",
    "repl-ping-replica-period 2",
    "repl-timeout 15",
    "client-output-buffer-limit replica 256mb 64mb 60",
    "client-output-buffer-limit pubsub 32mb 8mb 60",
    "shutdown-timeout 10",
    "busy-reply-threshold 2000",
  ]);
}

/** What a server takes over while it runs. */
export interface Limits {
  readonly maxClients: number;
}

/** The text of the file that redis.conf includes; reload.sh applies it when it has changed. */
export function limitsFile({ maxClients }: Limits): string {
  return lines([`maxclients ${maxClients}`]);
}

function lines(all: readonly string[]): string {
  return `${all.join("\n")}\n`;
}
