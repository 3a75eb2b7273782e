import { createHash } from "node:crypto";

import { Engine } from "./engine.ts";
import type { KeySpace } from "./key-space.ts";

/** The ACL users of the servers and the Sentinels. */
export const RedisUser = {
  /** Gateways and proxies, at servers and Sentinels. */
  Gateway: "gateway",
  /** A replica, at its master. */
  Replica: "replica",
  /** A Sentinel, at the servers. */
  Sentinel: "sentinel",
  /** A Sentinel, at the other Sentinels. */
  Peer: "peer",
  /** The scripts of the pods, at servers and Sentinels. */
  Operator: "operator",
  /** The metrics exporter, at the servers. */
  Exporter: "exporter",
} as const;
export type RedisUser = (typeof RedisUser)[keyof typeof RedisUser];

/** The password of each user; without an exporter, its user does not exist. */
export type RedisPasswords = Readonly<Record<Exclude<RedisUser, "exporter">, string>> & {
  readonly exporter?: string;
  /** Those of single gateways and servers, by name. */
  readonly users?: Readonly<Record<string, string>>;
};

export interface NodeSecret {
  readonly passwords: RedisPasswords;
  /** The prefix of all keys, with its colon: gateways have no access to others. */
  readonly keyPrefix: string;
  /** Default: none. */
  readonly users?: readonly KeySpace[];
  readonly engine: Engine;
}

/** The commands that the session store sends and its Lua scripts call. HELLO and AUTH need no permission. */
export const GATEWAY_COMMANDS = [
  ...["ping", "info", "get", "set", "wait", "eval", "evalsha", "xrange", "xread", "xrevrange"],
  ...["del", "exists", "pexpire", "pttl", "time", "xadd"],
  ...["hdel", "hget", "hgetall", "hincrby", "hmget", "hset"],
  ...["sadd", "sismember", "smembers", "srem"],
  ...["zadd", "zcount", "zrangebyscore", "zrem", "zremrangebyscore"],
] as const;

/** `sync` is what the command line clients send for a backup. */
const REPLICA_COMMANDS = ["psync", "sync", "replconf", "ping"];

const SENTINEL_COMMANDS = [
  ...["ping", "info", "role", "publish", "subscribe", "multi", "exec", "slaveof", "replicaof"],
  ...["config|rewrite", "client|setname", "client|kill", "script|kill"],
];

const OPERATOR_COMMANDS = [
  ...["ping", "info", "dbsize", "replicaof", "client|pause", "client|unpause", "client|kill"],
  // What reload.sh applies: users, and with the second one limits and certificates.
  ...["acl|load", "config|set"],
];

const EXPORTER_COMMANDS = [
  ...["ping", "info", "client|setname", "config|get", "slowlog|get", "slowlog|len"],
  ...["latency|latest", "latency|histogram"],
];

const SENTINEL_GATEWAY_COMMANDS = ["sentinel|get-master-addr-by-name"];

const SENTINEL_OPERATOR_COMMANDS = [
  ...["ping", "sentinel|get-master-addr-by-name", "sentinel|master", "sentinel|failover"],
  "acl|load",
];

/**
 * Nobody can log in as the default user. It has all permissions because a server loads its append-only file as that
 * user, and would skip the transactions of scripts without them.
 */
const DEFAULT_USER = "user default off resetpass ~* &* +@all";

/** The channel on which Sentinels announce themselves to each other. */
const HELLO_CHANNEL = "&__sentinel__:*";

/** The files of the data pods' Secret. It contains clients' passwords only as digests. */
export function nodeSecret(parts: NodeSecret): Record<string, string> {
  const { operator, replica } = parts.passwords;
  return {
    "users.acl": nodeAcl(parts),
    "operator-password": operator,
    "replica-password": replica,
  };
}

/** The files of the Sentinels' Secret. It contains clients' passwords only as digests. */
export function sentinelSecret(passwords: RedisPasswords, engine: Engine): Record<string, string> {
  const { operator, sentinel, peer } = passwords;
  return {
    "users.acl": sentinelAcl(passwords, engine),
    "operator-password": operator,
    "sentinel-password": sentinel,
    "peer-password": peer,
  };
}

function nodeAcl({ passwords, keyPrefix, engine, users = [] }: NodeSecret): string {
  const { gateway, replica, sentinel, operator, exporter } = passwords;
  const coordinated = engine === Engine.Valkey ? ["failover"] : [];
  return aclFile([
    user(RedisUser.Gateway, gateway, GATEWAY_COMMANDS, [`~${keyPrefix}*`]),
    ...users.map((own) =>
      user(own.name, passwords.users?.[own.name] ?? "", GATEWAY_COMMANDS, [`~${own.keyPrefix}*`]),
    ),
    user(RedisUser.Replica, replica, REPLICA_COMMANDS),
    user(RedisUser.Sentinel, sentinel, [...SENTINEL_COMMANDS, ...coordinated], [HELLO_CHANNEL]),
    user(RedisUser.Operator, operator, OPERATOR_COMMANDS),
    ...(exporter === undefined ? [] : [user(RedisUser.Exporter, exporter, EXPORTER_COMMANDS)]),
  ]);
}

function sentinelAcl(
  { gateway, peer, operator, users = {} }: RedisPasswords,
  engine: Engine,
): string {
  // Clients say what they are, and do not mind whether they may; Redis before 7.2 does not know the command.
  const said = engine === Engine.Valkey ? ["client|setinfo"] : [];
  const clients = { [RedisUser.Gateway]: gateway, ...users };
  return aclFile([
    ...Object.entries(clients).map(([name, password]) =>
      user(name, password, [...SENTINEL_GATEWAY_COMMANDS, ...said]),
    ),
    `user ${RedisUser.Peer} on ${digest(peer)} allchannels +@all`,
    user(RedisUser.Operator, operator, SENTINEL_OPERATOR_COMMANDS),
  ]);
}

/** An ACL user that is limited to these commands, keys and channels. */
function user(
  name: string,
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
