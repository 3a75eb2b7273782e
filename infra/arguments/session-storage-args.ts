import type { Input } from "@pulumi/pulumi";

/** A key of a Secret in the namespace of the pods that read it. */
export interface SecretKeyArgs {
  /** The Secret's name. */
  name: Input<string>;
  /** The key in it. */
  key: Input<string>;
}

/** How a connection to Redis is encrypted. */
export interface StorageTlsArgs {
  /** The authorities that Redis' certificate may come from, PEM. Default: those of the image. */
  ca?: Input<string>;
  /** A Secret that holds them already; in the place of ca. Default: none. */
  caRef?: SecretKeyArgs;
  /** The name that the certificate has to have. Needed where addresses are IPs. Default: the host of the address. */
  servername?: Input<string>;
}

/** The Sentinels that know the master. */
export interface StorageSentinelArgs {
  /** The name under which they watch it. */
  masterName: Input<string>;
  /** The host and port of each. */
  addresses: Input<string>[];
  /** The ACL user at the Sentinels. Default: none. */
  username?: Input<string>;
  /** Its password. Default: that at Redis where username is given, none without. */
  password?: Input<string>;
}

/**
 * Where sessions live: a Redis or Valkey that all pods share, behind Sentinel or alone. RedisSentinel's connection has
 * this shape, and any managed Redis can be written in it.
 */
export interface SessionStorageArgs {
  /** The host and port of a single Redis. One of address and sentinel is required. */
  address?: Input<string>;
  /** The Sentinels that know it. One of address and sentinel is required. */
  sentinel?: StorageSentinelArgs;
  /** The number of the database. Default: 0. */
  db?: number;
  /** What every key begins with. Default: mcp-fleet: and the gateway's or server's name. */
  keyPrefix?: string;
  /** The ACL user. Default: Redis' own, which is called default. */
  username?: Input<string>;
  /** The password: kept in a Secret beside the pods. Default: none. */
  password?: Input<string>;
  /** A Secret that holds the password already; in the place of password. Default: none. */
  passwordRef?: SecretKeyArgs;
  /** How connections are encrypted. Default: they are not. */
  tls?: StorageTlsArgs;
  /** The sessions that it was sized for: what the policies compare with the sum of those who use it. Default: nothing to compare. */
  sessions?: number;
  /** The client pods that it was sized for: what the policies compare with the sum of those who use it. Default: nothing to compare. */
  clientPods?: number;
}
