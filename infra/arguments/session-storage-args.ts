import type { Input } from "@pulumi/pulumi";

/** A key of a Secret, in the namespace of the pods that read it. */
export interface SecretKeyArgs {
  /** The name of the Secret. */
  name: Input<string>;
  /** The key in the Secret. */
  key: Input<string>;
}

/** A key of a ConfigMap, in the namespace of the pods that read it. */
export interface ConfigMapKeyArgs {
  /** The name of the ConfigMap. */
  name: Input<string>;
  /** The key in the ConfigMap. */
  key: Input<string>;
}

/** TLS of the connections to Redis and its Sentinels. */
export interface StorageTlsArgs {
  /** The CA certificates to trust, in PEM. Default: those of the image. */
  ca?: Input<string>;
  /** An existing Secret with the CA certificates, instead of ca. Default: none. */
  caRef?: SecretKeyArgs;
  /** An existing ConfigMap with the CA certificates, instead of ca. Default: none. */
  caConfigMapRef?: ConfigMapKeyArgs;
  /** The server name in the certificate. Set it where addresses are IP addresses. Default: the host of the address. */
  servername?: Input<string>;
  /** An existing Secret with the client certificate, in PEM. Default: none. */
  certRef?: SecretKeyArgs;
  /** An existing Secret with the private key of certRef, in PEM. Required with certRef. */
  keyRef?: SecretKeyArgs;
}

/** The Sentinels that watch the master. */
export interface StorageSentinelArgs {
  /** The name of the master at the Sentinels. */
  masterName: Input<string>;
  /** The host and port of each Sentinel. */
  addresses: Input<string>[];
  /** The ACL user for the Sentinels. Default: none. */
  username?: Input<string>;
  /** The password for the Sentinels. Default: that of Redis where username is set, none otherwise. */
  password?: Input<string>;
}

/** The nodes of a cluster of Redis or Valkey. */
export interface StorageClusterArgs {
  /** The host and port of some nodes, or of the configuration endpoint of a managed service. They name all others. */
  addresses: Input<string>[];
  /** Where to connect instead of the host and port that a node announces, by these. Default: to what they announce. */
  natMap?: Record<string, Input<string>>;
  /** The number of shards. The limit of open files of each pod allows for connections to all of them. Default: 3. */
  shards?: number;
}

/**
 * Where sessions are stored: a Redis or Valkey that all pods share, standalone, behind Sentinel or a cluster. The
 * connection of RedisSentinel has this shape, and so can any managed Redis.
 */
export interface SessionStorageArgs {
  /** The host and port of a standalone Redis. One of address, sentinel and cluster is required. */
  address?: Input<string>;
  /** The Sentinels that watch it. One of address, sentinel and cluster is required. */
  sentinel?: StorageSentinelArgs;
  /**
   * The nodes of a cluster. All keys of a gateway are on one shard, and so are all of a server's proxies; each shard is
   * sized for all of them. One of address, sentinel and cluster is required.
   */
  cluster?: StorageClusterArgs;
  /** The number of the Redis database. A cluster has only 0. Default: 0. */
  db?: number;
  /** The prefix of all keys. Default: mcp-fleet: and the name of the gateway or server. */
  keyPrefix?: string;
  /** The ACL user. Default: the default user of Redis. */
  username?: Input<string>;
  /** The password; it is stored in a Secret next to the pods. Default: none. */
  password?: Input<string>;
  /** An existing Secret with the password, instead of password. Default: none. */
  passwordRef?: SecretKeyArgs;
  /** TLS of the connections. Default: no TLS. */
  tls?: StorageTlsArgs;
  /** The sessions that the store was sized for, in a cluster each shard. Policies compare them with the sum of all its users. Default: not compared. */
  sessions?: number;
  /** The client pods that the store was sized for, in a cluster each shard. Policies compare them with the sum of all its users. Default: not compared. */
  clientPods?: number;
  /** A name of your own for a store outside of the stack whose address is known only after the update. Policies know the store by it, all that use it write the same one, and the setting externalStores of session-storage-declared lists it. Default: none; policies know a store by its addresses. */
  name?: string;
  /** The format in which session records are written. Raise it only when no process of an older release reads them. Default: 1. */
  recordFormat?: number;
}

/** A component that is a store: a RedisSentinel. */
export interface HasConnection {
  readonly connection: SessionStorageArgs;
}
