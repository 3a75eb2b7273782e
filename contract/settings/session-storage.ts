import * as z from "zod";

import { count, matching, text, unsupported } from "./fields.ts";

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
}

/**
 * The formats of session records that this release reads: the one that it writes, and the next. Processes of two releases
 * share a store during an update and a rollback. The next format is written from the next release on, or as soon as
 * `sessionStorage.recordFormat` is raised.
 */
export const RECORD_FORMATS = [1, 2] as const;

export type RecordFormat = (typeof RECORD_FORMATS)[number];

/** How to reach Redis: by `address` or by `sentinel`. */
export interface RedisSettings {
  readonly provider: "redis";
  readonly address?: NetworkAddress;
  readonly db: number;
  /** Ends in a colon. */
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

/** ToolHive's section, plus our own fields: user, password file, TLS and Sentinel. */
export const sessionStorage = z.strictObject({
  provider: z
    .enum(["memory", "redis"])
    .default("memory")
    .describe(
      "Where sessions are stored: in the memory of a single process, or in a Redis or Valkey that all processes share.",
    ),
  address: address(
    "The host and port of Redis. With provider memory it has no effect, like the rest of the section.",
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
      caCertFile: unsupported("ToolHive's name of caFile.").optional(),
      insecureSkipVerify: unsupported("certificates are always verified.").optional(),
    })
    .optional(),
  sentinel: sentinel.optional(),
});

/** What follows the prefix in the keys of proxies only. */
export const PROXY_KEYS = "proxy:";

/** The prefix of all keys: the configured one with its colon, and for proxies the name of their server. */
export function keysBeginWith(keyPrefix: string, server?: string): string {
  const prefix = keyPrefix.endsWith(":") ? keyPrefix : `${keyPrefix}:`;
  return server === undefined ? prefix : `${prefix}${PROXY_KEYS}${server}:`;
}

/** The settings of a valid section; an absent one means memory. Proxies pass the name of their server. */
export function sessionStorageOf(
  parsed: z.output<typeof sessionStorage> | undefined,
  server?: string,
): SessionStorageSettings {
  if (parsed?.provider !== "redis") return { provider: "memory" };
  const { keyPrefix, address: one, sentinel: watched, username, passwordFile } = parsed;
  return {
    provider: "redis",
    ...(one !== undefined && { address: addressOf(one) }),
    db: parsed.db,
    keyPrefix: keysBeginWith(keyPrefix, server),
    recordFormat: parsed.recordFormat,
    ...present({ username, passwordFile }),
    ...(parsed.tls !== undefined && { tls: tlsOf(parsed.tls) }),
    ...(watched !== undefined && {
      sentinel: {
        masterName: watched.masterName,
        addresses: watched.addrs.map(addressOf),
        ...present({ username: watched.username, passwordFile: watched.passwordFile }),
        ...(watched.tls !== undefined && { tls: tlsOf(watched.tls) }),
      },
    }),
  };
}

function tlsOf({ caFile, certFile, keyFile, servername }: z.output<ReturnType<typeof tls>>) {
  return present({ caFile, certFile, keyFile, servername });
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
