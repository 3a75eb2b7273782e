import { readFileSync } from "node:fs";
import type { ConnectionOptions } from "node:tls";
import type { RedisSettings, RedisTlsSettings } from "@mcp-fleet/contract/settings";
import type { ClusterOptions, RedisOptions } from "ioredis";
import { random } from "../../platform/random.ts";
import { replyCode } from "./redis-reply.ts";

/** The longest wait for one command: over 100 times what a busy server needs, so that a pause is no failure. */
export const COMMAND_TIMEOUT_MS = 1_000;

/** A connection without an answer for this long is dead, also where the peer still takes what is sent. */
const SOCKET_TIMEOUT_MS = 2_000;

/** The variables that hold passwords, the first one that is set; a file in the configuration goes before them. */
const PASSWORD_VARIABLES = ["MCP_FLEET_SESSION_STORAGE_PASSWORD", "THV_SESSION_REDIS_PASSWORD"];
const SENTINEL_PASSWORD_VARIABLES = ["MCP_FLEET_SESSION_STORAGE_SENTINEL_PASSWORD"];

/** What a server says that is not, or not yet, the master that it was: the master is looked up again. */
const NO_MASTER: ReadonlySet<string> = new Set(["READONLY", "LOADING", "MASTERDOWN"]);

/** In the words of ioredis: connect anew, and leave it to the caller to send again. */
const RECONNECT = 1;

/** How long to wait before the next attempt to connect, in milliseconds. */
export type Patience = (attempt: number) => number;

/** Replies in the shapes of the library's default. */
type ClientOptions = Omit<RedisOptions, "replyMapping"> & {
  readonly retryStrategy: Patience;
  readonly sentinelRetryStrategy: Patience;
};

/** Everything that a connection depends on and that may change while the process runs. */
export type Secrets = Pick<RedisOptions, "password" | "sentinelPassword" | "tls" | "sentinelTLS">;

/**
 * Reads passwords and certificates. They matter only when a connection is made, so that reading them again for each
 * is all the watching that a changed file needs.
 *
 * @throws those of the file system.
 */
export function readSecrets(settings: RedisSettings): Secrets {
  const { sentinel, tls } = settings;
  const password = readPassword(settings.passwordFile, PASSWORD_VARIABLES);
  const sentinelPassword = readPassword(sentinel?.passwordFile, SENTINEL_PASSWORD_VARIABLES);
  return {
    ...(password !== undefined && { password }),
    ...(sentinelPassword !== undefined && { sentinelPassword }),
    ...(tls !== undefined && { tls: tlsOptions(tls) }),
    ...(sentinel?.tls !== undefined && { sentinelTLS: tlsOptions(sentinel.tls) }),
  };
}

/**
 * How the client behaves: it fails at once instead of queueing, never gives up on a connection, and leaves
 * retrying to whoever knows how long a request may take.
 */
export function redisOptions(settings: RedisSettings): ClientOptions {
  const { sentinel, address, db, username } = settings;
  return {
    ...(address !== undefined && { host: address.host, port: address.port }),
    ...(sentinel !== undefined && {
      sentinels: [...sentinel.addresses],
      name: sentinel.masterName,
      role: "master",
      // Without it the connection to the master that Sentinel names would be plain.
      enableTLSForSentinelMode: settings.tls !== undefined,
      ...(sentinel.username !== undefined && { sentinelUsername: sentinel.username }),
    }),
    db,
    ...(username !== undefined && { username }),
    connectTimeout: 1_000,
    commandTimeout: COMMAND_TIMEOUT_MS,
    socketTimeout: SOCKET_TIMEOUT_MS,
    sentinelCommandTimeout: 500,
    disconnectTimeout: 200,
    keepAlive: 5_000,
    // The announced addresses would be appended for ever; the configured ones are the ones that last.
    updateSentinels: false,
    // It cuts connections that a fail-over has already replaced.
    failoverDetector: false,
    // Both always answer a number: without one the client ends and does not come back.
    sentinelRetryStrategy: (attempt) =>
      Math.min(attempt * 50, 500) * (0.75 + random.fraction() / 2),
    retryStrategy: (attempt) =>
      Math.min(25 * 2 ** Math.min(attempt, 4), 250) + random.fraction() * 50,
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    enableReadyCheck: true,
    // It doubles throughput of small values under full load, and multiplies the 99th percentile otherwise.
    enableAutoPipelining: false,
    disableClientInfo: true,
    lazyConnect: true,
    reconnectOnError: (error) => NO_MASTER.has(replyCode(error) ?? "") && RECONNECT,
  };
}

/** How long one node of a cluster has to name all others, before the next one is asked. */
const SLOTS_TIMEOUT_MS = 500;

/** How often nodes are asked who serves what: a move of slots is otherwise learned from redirections. */
const SLOTS_INTERVAL_MS = 10_000;

/**
 * How the client of a cluster behaves: it follows one redirection, and leaves retrying to the caller as well. It reads
 * passwords and certificates once: after it has lost all nodes, a new one takes its place.
 *
 * @throws those of the file system.
 */
export function clusterOptions(settings: RedisSettings) {
  const { retryStrategy, sentinelRetryStrategy, enableOfflineQueue, ...ofNode } =
    redisOptions(settings);
  return {
    redisOptions: { ...ofNode, ...readSecrets(settings) },
    lazyConnect: true,
    enableOfflineQueue,
    // What other shards do is no concern of ours: the one that has the keys says itself when it cannot serve them.
    enableReadyCheck: false,
    scaleReads: "master",
    clusterRetryStrategy: () => null,
    // The library repeats what fails at a random node, which only redirects it again.
    maxRedirections: 1,
    retryDelayOnFailover: 0,
    retryDelayOnClusterDown: 0,
    retryDelayOnTryAgain: 10,
    slotsRefreshTimeout: SLOTS_TIMEOUT_MS,
    slotsRefreshInterval: SLOTS_INTERVAL_MS,
    // A name has to stay one: certificates are for names.
    dnsLookup: (host, done) => done(null, host),
    natMap: { ...settings.cluster?.natMap },
  } satisfies ClusterOptions;
}

function readPassword(file: string | undefined, variables: readonly string[]): string | undefined {
  if (file !== undefined) return readFileSync(file, "utf8").replace(/\r?\n$/, "");
  return variables.map((name) => process.env[name]).find((text) => text !== undefined);
}

function tlsOptions({
  caFile,
  certFile,
  keyFile,
  servername,
  acceptUnverified,
}: RedisTlsSettings): ConnectionOptions {
  return {
    ...(caFile !== undefined && { ca: readFileSync(caFile) }),
    ...(certFile !== undefined && { cert: readFileSync(certFile) }),
    ...(keyFile !== undefined && { key: readFileSync(keyFile) }),
    ...(servername !== undefined && { servername }),
    ...(acceptUnverified !== undefined && { rejectUnauthorized: false }),
  };
}
