import * as z from "zod";

import { count, matching, text } from "./fields.ts";

/** A host and a port, as a client needs them. */
export interface NetworkAddress {
  readonly host: string;
  readonly port: number;
}

/** How a connection to Redis is encrypted; an empty one trusts the system's authorities. */
export interface RedisTlsSettings {
  readonly caFile?: string;
  readonly certFile?: string;
  readonly keyFile?: string;
  readonly servername?: string;
}

/**
 * The formats of session records that this release reads: the one that it writes, and the next. Processes of two releases
 * share a store during an update and on the way back; the next format is written from the next release on, or as soon as
 * `sessionStorage.recordFormat` says so.
 */
export const RECORD_FORMATS = [1, 2] as const;

export type RecordFormat = (typeof RECORD_FORMATS)[number];

/** How to reach Redis: by `address`, or by `sentinel`. */
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

/** Where sessions live. */
export type SessionStorageSettings = { readonly provider: "memory" } | RedisSettings;

const address = (description: string) =>
  matching(
    description,
    /^(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]):(?!0\d)(?!0$)\d{1,5}$/,
    "a host and a port",
    "write it as redis.example.com:6379, or [::1]:6379",
  );

const tls = (who: string) =>
  z.strictObject({
    caFile: text(
      `A PEM file with the authorities that the certificate of ${who} may come from. Absent: those of the system.`,
    ).optional(),
    certFile: text(`A PEM file with the certificate to show to ${who}. Absent: none.`).optional(),
    keyFile: text("A PEM file with the private key of certFile.").optional(),
    servername: text(
      `The name that the certificate of ${who} has to have. Needed where the address is an IP.`,
    ).optional(),
  });

const sentinel = z.strictObject({
  masterName: text("The name under which the Sentinels watch the master."),
  addrs: z
    .array(address("A Sentinel's host and port."))
    .min(1)
    .describe("The host and port of each Sentinel."),
  username: text("The ACL user at the Sentinels.").optional(),
  passwordFile: text(
    "A file with the password at the Sentinels, read for each connection. Absent: MCP_FLEET_SESSION_STORAGE_SENTINEL_PASSWORD.",
  ).optional(),
  tls: tls("the Sentinels").optional(),
});

/** ToolHive's section, with ours on top: user, password file, TLS and Sentinel. */
export const sessionStorage = z.strictObject({
  provider: z
    .enum(["memory", "redis"])
    .default("memory")
    .describe(
      "Where sessions live: in the memory of the one process, or in a Redis or Valkey that all processes share.",
    ),
  address: address(
    "The host and port of Redis. Has no effect beside the provider memory, like the rest of the section.",
  ).optional(),
  db: count("The number of the database.", 0, 65_535).default(0),
  keyPrefix: text(
    "What every key begins with; a colon is appended where it is missing, and proxy: with the backend's name for a proxy.",
  ).default("mcp-fleet:"),
  recordFormat: z
    .literal(RECORD_FORMATS)
    .default(RECORD_FORMATS[0])
    .describe(
      "The format that session records are written in. Every process reads this release's and the next one's; write the next one once no process of an older release is left that has to read it.",
    ),
  username: text("The ACL user at Redis.").optional(),
  passwordFile: text(
    "A file with the password at Redis, read for each connection. Absent: MCP_FLEET_SESSION_STORAGE_PASSWORD or THV_SESSION_REDIS_PASSWORD.",
  ).optional(),
  tls: tls("Redis").optional(),
  sentinel: sentinel.optional(),
});

/** What follows the prefix in the keys of proxies, and in no other's. */
export const PROXY_KEYS = "proxy:";

/** What every key begins with: the prefix with its colon, and the server whose proxies it is about. */
export function keysBeginWith(keyPrefix: string, server?: string): string {
  const prefix = keyPrefix.endsWith(":") ? keyPrefix : `${keyPrefix}:`;
  return server === undefined ? prefix : `${prefix}${PROXY_KEYS}${server}:`;
}

/** The settings that a valid section amounts to; an absent one is the memory. Proxies say whose they are. */
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
    ...(parsed.tls !== undefined && { tls: present(parsed.tls) }),
    ...(watched !== undefined && {
      sentinel: {
        masterName: watched.masterName,
        addresses: watched.addrs.map(addressOf),
        ...present({ username: watched.username, passwordFile: watched.passwordFile }),
        ...(watched.tls !== undefined && { tls: present(watched.tls) }),
      },
    }),
  };
}

function addressOf(written: string): NetworkAddress {
  const colon = written.lastIndexOf(":");
  const host = written.slice(0, colon).replace(/^\[(.*)\]$/, "$1");
  return { host, port: Number(written.slice(colon + 1)) };
}

/** The members that have a value. */
function present<Key extends string>(
  members: Readonly<Partial<Record<Key, string | undefined>>>,
): Partial<Record<Key, string>> {
  const entries = Object.entries<string | undefined>(members);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined)) as Partial<
    Record<Key, string>
  >;
}
