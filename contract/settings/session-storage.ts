import * as z from "zod";

import { count, matching, text } from "./fields.ts";

/** A host and a port. */
export interface NetworkAddress {
  readonly host: string;
  readonly port: number;
}

/** TLS of a connection to Redis; an empty section trusts the CAs of the system. */
export interface RedisTlsSettings {
  readonly caFile?: string;
  readonly certFile?: string;
  readonly keyFile?: string;
  readonly servername?: string;
  /** Why the certificate is not verified. Absent: it is. */
  readonly acceptUnverified?: string;
}

/**
 * The formats of session records that this release reads: the one that it writes, and the next. Processes of two releases
 * share a store during an update and a rollback. The next format is written from the next release on, or as soon as
 * `sessionStorage.recordFormat` is raised.
 */
export const RECORD_FORMATS = [1, 2] as const;

export type RecordFormat = (typeof RECORD_FORMATS)[number];

/** The shards of a cluster, where nobody says more: as few as a cluster can elect new masters with. */
export const CLUSTER_SHARDS = 3;

/** How to reach Redis: by `address`, by `sentinel` or by `cluster`. */
export interface RedisSettings {
  readonly provider: "redis";
  readonly address?: NetworkAddress;
  readonly db: number;
  /** Ends in a colon. In a cluster, all before it is a hash tag. */
  readonly keyPrefix: string;
  /** The format that session records are written in. */
  readonly recordFormat: RecordFormat;
  readonly username?: string;
  readonly passwordFile?: string;
  readonly tls?: RedisTlsSettings;
  readonly sentinel?: {
    readonly masterName: string;
    readonly addresses: readonly NetworkAddress[];
    readonly username?: string;
    readonly passwordFile?: string;
    readonly tls?: RedisTlsSettings;
  };
  readonly cluster?: {
    /** Nodes to ask for the addresses of all nodes. */
    readonly addresses: readonly NetworkAddress[];
    /** Where to connect instead of an address that nodes announce, by that address. */
    readonly natMap: Readonly<Record<string, NetworkAddress>>;
    /** How many masters it has, which bounds the connections of a process. */
    readonly shards: number;
  };
}

/** Where sessions are stored. */
export type SessionStorageSettings = { readonly provider: "memory" } | RedisSettings;

const address = (description: string) =>
  matching(
    description,
    /^(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]):(?!0\d)(?!0$)\d{1,5}$/,
    "must be a host and a port",
    "write it as redis.example.com:6379, or [::1]:6379",
  );

const tls = (who: string) =>
  z.strictObject({
    caFile: text(
      `A PEM file with the CA certificates to trust for ${who}. Absent: those of the system.`,
    ).optional(),
    certFile: text(`A PEM file with the client certificate for ${who}. Absent: none.`).optional(),
    keyFile: text("A PEM file with the private key of certFile.").optional(),
    servername: text(
      `The server name in the certificate of ${who}. Required if the address is an IP address.`,
    ).optional(),
  });

const sentinel = z.strictObject({
  masterName: text("The name of the master at the Sentinels."),
  addrs: z
    .array(address("The host and port of a Sentinel."))
    .min(1)
    .describe("The host and port of each Sentinel."),
  username: text("The ACL user for the Sentinels.").optional(),
  passwordFile: text(
    "A file with the password for the Sentinels, read for each connection. Absent: MCP_FLEET_SESSION_STORAGE_SENTINEL_PASSWORD.",
  ).optional(),
  tls: tls("the Sentinels").optional(),
});

const cluster = z.strictObject({
  addrs: z
    .array(address("The host and port of a node, or of the endpoint in front of all of them."))
    .min(1)
    .describe(
      "The host and port of some nodes, or of the configuration endpoint of a managed service. They name all others.",
    ),
  natMap: z
    .record(
      address("The host and port that a node announces."),
      address("The host and port at which it is reached from here."),
    )
    .default({})
    .describe(
      "Where to connect instead of the host and port that a node announces, by these. For nodes that announce addresses that are not reachable from here.",
    ),
  shards: count(
    "The number of shards. A process may hold connections to each of them, and the limit of open files allows for that.",
    1,
    1000,
  ).default(CLUSTER_SHARDS),
});

/** ToolHive's section, plus our own fields: user, password file, TLS, Sentinel and cluster. */
export const sessionStorage = z.strictObject({
  provider: z
    .enum(["memory", "redis"])
    .default("memory")
    .describe(
      "Where sessions are stored: in the memory of a single process, or in a Redis or Valkey that all processes share.",
    ),
  address: address(
    "The host and port of Redis, if it is neither behind Sentinel nor a cluster. With provider memory it has no effect, like the rest of the section.",
  ).optional(),
  db: count("The number of the Redis database.", 0, 65_535).default(0),
  keyPrefix: text(
    "The prefix of all keys. A colon is appended if it is missing; a proxy appends proxy: and its backend's name.",
  ).default("mcp-fleet:"),
  recordFormat: z
    .literal(RECORD_FORMATS)
    .default(RECORD_FORMATS[0])
    .describe(
      "The format in which session records are written. Each release reads its own format and the next one. Raise it only when no process of an older release will read them.",
    ),
  username: text("The ACL user for Redis.").optional(),
  passwordFile: text(
    "A file with the password for Redis, read for each connection. Absent: MCP_FLEET_SESSION_STORAGE_PASSWORD or THV_SESSION_REDIS_PASSWORD.",
  ).optional(),
  tls: tls("Redis")
    .extend({
      caCertFile: text("ToolHive's name of caFile.").optional(),
      insecureSkipVerify: z
        .boolean()
        .default(false)
        .describe(
          "Whether the certificate of Redis is accepted without verification, whoever shows it. Requires acceptUnverified.",
        ),
      acceptUnverified: text(
        "Why that is no risk here: whoever answers at the address of Redis reads and writes all sessions. Logged at each start.",
      ).optional(),
    })
    .optional(),
  sentinel: sentinel.optional(),
  cluster: cluster.optional(),
});

/** What follows the prefix in the keys of proxies only. */
export const PROXY_KEYS = "proxy:";

/** Whose keys they are. */
interface KeyOwner {
  /** Proxies: the name of their server. */
  readonly server?: string | undefined;
  /** Whether the store is a cluster: the prefix has a hash tag then, so that all keys are in one slot. */
  readonly isCluster?: boolean;
}

/** The prefix of all keys: the configured one with its colon, and for proxies the name of their server. */
export function keysBeginWith(
  keyPrefix: string,
  { server, isCluster = false }: KeyOwner = {},
): string {
  const own = keyPrefix.endsWith(":") ? keyPrefix : `${keyPrefix}:`;
  const prefix = server === undefined ? own : `${own}${PROXY_KEYS}${server}:`;
  return isCluster ? `{${prefix.slice(0, -1)}}:` : prefix;
}

/** The settings of a valid section; an absent one means memory. Proxies pass the name of their server. */
export function sessionStorageOf(
  parsed: z.output<typeof sessionStorage> | undefined,
  server?: string,
): SessionStorageSettings {
  if (parsed?.provider !== "redis") return { provider: "memory" };
  const { keyPrefix, address: one, sentinel: watched, username, passwordFile } = parsed;
  const { cluster: nodes } = parsed;
  return {
    provider: "redis",
    ...(one !== undefined && { address: addressOf(one) }),
    db: parsed.db,
    keyPrefix: keysBeginWith(keyPrefix, { server, isCluster: nodes !== undefined }),
    recordFormat: parsed.recordFormat,
    ...present({ username, passwordFile }),
    ...(parsed.tls !== undefined && { tls: redisTlsOf(parsed.tls) }),
    ...(watched !== undefined && {
      sentinel: {
        masterName: watched.masterName,
        addresses: watched.addrs.map(addressOf),
        ...present({ username: watched.username, passwordFile: watched.passwordFile }),
        ...(watched.tls !== undefined && { tls: tlsOf(watched.tls) }),
      },
    }),
    ...(nodes !== undefined && {
      cluster: {
        addresses: nodes.addrs.map(addressOf),
        natMap: Object.fromEntries(
          Object.entries(nodes.natMap).map(([announced, real]) => [announced, addressOf(real)]),
        ),
        shards: nodes.shards,
      },
    }),
  };
}

function tlsOf({ caFile, certFile, keyFile, servername }: z.output<ReturnType<typeof tls>>) {
  return present({ caFile, certFile, keyFile, servername });
}

function redisTlsOf(parsed: NonNullable<z.output<typeof sessionStorage>["tls"]>): RedisTlsSettings {
  const { caCertFile, insecureSkipVerify, acceptUnverified } = parsed;
  return {
    ...present({ caFile: caCertFile }),
    ...tlsOf(parsed),
    ...(insecureSkipVerify && present({ acceptUnverified })),
  };
}

function addressOf(written: string): NetworkAddress {
  const colon = written.lastIndexOf(":");
  const host = written.slice(0, colon).replace(/^\[(.*)\]$/, "$1");
  return { host, port: Number(written.slice(colon + 1)) };
}

/** The members that are not undefined. */
function present<Key extends string>(
  members: Readonly<Partial<Record<Key, string | undefined>>>,
): Partial<Record<Key, string>> {
  const entries = Object.entries<string | undefined>(members);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined)) as Partial<
    Record<Key, string>
  >;
}
