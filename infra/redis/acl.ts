import { createHash } from "node:crypto";

import { Engine } from "./engine.ts";

/** Whom the servers and the Sentinels know. */
export const RedisUser = {
  /** Gateways and proxies, at both. */
  Gateway: "gateway",
  /** A server at its master. */
  Replica: "replica",
  /** A Sentinel at the servers. */
  Sentinel: "sentinel",
  /** A Sentinel at the other Sentinels. */
  Peer: "peer",
  /** The scripts of the pods, at both. */
  Operator: "operator",
  /** The exporter of metrics, at the servers. */
  Exporter: "exporter",
} as const;
export type RedisUser = (typeof RedisUser)[keyof typeof RedisUser];

/** A password for each; without one for the exporter there is no such user. */
export type RedisPasswords = Readonly<Record<Exclude<RedisUser, "exporter">, string>> & {
  readonly exporter?: string;
};

export interface NodeSecret {
  readonly passwords: RedisPasswords;
  /** What every key of the gateways begins with, its colon included: they reach no other. */
  readonly keyPrefix: string;
  readonly engine: Engine;
}

/** What the client of the session store sends, and what its Lua scripts call. HELLO and AUTH need no permission. */
export const GATEWAY_COMMANDS = [
  ...["ping", "info", "get", "set", "wait", "eval", "evalsha", "xrange", "xread", "xrevrange"],
  ...["del", "exists", "pexpire", "pttl", "time", "xadd"],
  ...["hdel", "hget", "hgetall", "hincrby", "hmget", "hset"],
  ...["sadd", "sismember", "smembers", "srem"],
  ...["zadd", "zcount", "zrangebyscore", "zrem", "zremrangebyscore"],
] as const;

const REPLICA_COMMANDS = ["psync", "replconf", "ping"];

const SENTINEL_COMMANDS = [
  ...["ping", "info", "role", "publish", "subscribe", "multi", "exec", "slaveof", "replicaof"],
  ...["config|rewrite", "client|setname", "client|kill", "script|kill"],
];

const OPERATOR_COMMANDS = [
  ...["ping", "info", "dbsize", "replicaof", "client|pause", "client|unpause", "client|kill"],
];

const EXPORTER_COMMANDS = [
  ...["ping", "info", "client|setname", "config|get", "slowlog|get", "slowlog|len"],
  ...["latency|latest", "latency|histogram"],
];

const SENTINEL_GATEWAY_COMMANDS = ["sentinel|get-master-addr-by-name"];

const SENTINEL_OPERATOR_COMMANDS = [
  ...["ping", "sentinel|get-master-addr-by-name", "sentinel|master", "sentinel|failover"],
];

/**
 * Nobody can log in as the default user. It is allowed everything because a server that loads an append-only file
 * does so as that user, and leaves out what a script has written as one transaction if it may not.
 */
const DEFAULT_USER = "user default off resetpass ~* &* +@all";

/** Where Sentinels tell each other of themselves. */
const HELLO_CHANNEL = "&__sentinel__:*";

/** The files of the data pods' Secret. Passwords of clients are in it as digests alone. */
export function nodeSecret(parts: NodeSecret): Record<string, string> {
  const { operator, replica } = parts.passwords;
  return {
    "users.acl": nodeAcl(parts),
    "operator-password": operator,
    "replica-password": replica,
  };
}

/** The files of the Sentinels' Secret. Passwords of clients are in it as digests alone. */
export function sentinelSecret(passwords: RedisPasswords): Record<string, string> {
  const { operator, sentinel, peer } = passwords;
  return {
    "users.acl": sentinelAcl(passwords),
    "operator-password": operator,
    "sentinel-password": sentinel,
    "peer-password": peer,
  };
}

function nodeAcl({ passwords, keyPrefix, engine }: NodeSecret): string {
  const { gateway, replica, sentinel, operator, exporter } = passwords;
  const coordinated = engine === Engine.Valkey ? ["failover"] : [];
  return aclFile([
    user(RedisUser.Gateway, gateway, GATEWAY_COMMANDS, [`~${keyPrefix}*`]),
    user(RedisUser.Replica, replica, REPLICA_COMMANDS),
    user(RedisUser.Sentinel, sentinel, [...SENTINEL_COMMANDS, ...coordinated], [HELLO_CHANNEL]),
    user(RedisUser.Operator, operator, OPERATOR_COMMANDS),
    ...(exporter === undefined ? [] : [user(RedisUser.Exporter, exporter, EXPORTER_COMMANDS)]),
  ]);
}

function sentinelAcl({ gateway, peer, operator }: RedisPasswords): string {
  return aclFile([
    user(RedisUser.Gateway, gateway, SENTINEL_GATEWAY_COMMANDS),
    `user ${RedisUser.Peer} on ${digest(peer)} allchannels +@all`,
    user(RedisUser.Operator, operator, SENTINEL_OPERATOR_COMMANDS),
  ]);
}

/** A user who may do this and nothing else, with these keys and channels and no others. */
function user(
  name: RedisUser,
  password: string,
  commands: readonly string[],
  patterns: readonly string[] = [],
): string {
  const allowed = commands.map((command) => `+${command}`);
  return [
    ...[`user ${name} on`, digest(password), "resetkeys resetchannels", ...patterns],
    ...["-@all", ...allowed],
  ].join(" ");
}

function digest(password: string): string {
  return `#${createHash("sha256").update(password).digest("hex")}`;
}

function aclFile(users: readonly string[]): string {
  return `${[DEFAULT_USER, ...users].join("\n")}\n`;
}
