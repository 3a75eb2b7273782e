import type { Input } from "@pulumi/pulumi";
import type { MonitoringArgs } from "./arguments/exposure-args.ts";
import type {
  PeerArgs,
  ResourcesArgs,
  ServiceAccountArgs,
  WorkloadArgs,
} from "./arguments/pod-args.ts";
import type { ConfigMapKeyArgs } from "./arguments/session-storage-args.ts";
import type { ClaimRetention } from "./redis/claim-retention.ts";
import type { Engine } from "./redis/engine.ts";
import type { Eviction, Persistence } from "./redis/redis-conf.ts";
import type { RedisTransforms } from "./transform.ts";

/** The cert-manager issuer of the certificate. */
export interface IssuerArgs {
  /** The name of the issuer. */
  name: Input<string>;
  /** The kind of the issuer, Issuer or ClusterIssuer. Default: Issuer. */
  kind?: Input<string>;
}

/** TLS of Redis and the Sentinels. Exactly one of secretName and issuer provides the certificate. */
export interface RedisTlsArgs {
  /** A Secret with tls.crt, tls.key and ca.crt, whose certificate is valid for servername. One of secretName and issuer is required. */
  secretName?: Input<string>;
  /** The cert-manager issuer of a certificate for servername. One of secretName and issuer is required. */
  issuer?: IssuerArgs;
  /** The server name in the certificate. Default: that of the headless Service. */
  servername?: Input<string>;
  /** The CA certificates that the connection carries to clients of any namespace, in PEM. A changed one restarts the clients. Default: clients read ca.crt of the Secret, which they can in its namespace only. */
  caCertificate?: Input<string>;
  /** A ConfigMap with the CA certificates in the namespace of each client, such as trust-manager writes, instead of caCertificate. A changed one restarts nothing. Default: none. */
  caConfigMapRef?: ConfigMapKeyArgs;
}

/** A user of a single gateway or server, whose access is limited to its own keys. */
export interface StoreUserArgs {
  /** The name of the user: that of the gateway or server. */
  name: string;
  /** The prefix of its keys, within mcp-fleet:. Default: mcp-fleet: and the name. */
  keyPrefix?: string;
}

/** What happens to the volumes with the data. */
export interface ClaimRetentionArgs {
  /** When the component is deleted, keep them (Retain), or delete them (Delete). Default: Retain. */
  whenDeleted?: ClaimRetention;
  /** When there are fewer servers than there were. Default: Retain. */
  whenScaled?: ClaimRetention;
}

/** A sidecar of each server that exports its metrics for Prometheus, and what reads them. */
export interface ExporterArgs extends MonitoringArgs {
  /** The image of the exporter. Default: docker.io/oliver006/redis_exporter:v1.90.0. */
  image?: Input<string>;
  /** The pods that scrape it. Default: those with the label app.kubernetes.io/name: prometheus in every namespace. */
  from?: PeerArgs[];
}

/** The arguments of RedisSentinel. Numbers are plain, because they decide its size; strings may be outputs. */
export interface RedisSentinelArgs extends WorkloadArgs {
  /** Concurrent sessions of all gateways and proxies that use this store. */
  sessions: number;
  /** Sessions that the volumes have room for. Raising sessions up to this changes no volume. Default: 100000. */
  storageSessions?: number;
  /** Gateway and proxy pods that connect to it, including the extra ones of a rollout. Default: 50. */
  clientPods?: number;
  /** Backends that a session calls, on average. Default: 10. */
  openedBackends?: number;
  /** The maximum size of a client's capabilities and info: limits.clientBytes of the gateways. Default: 4Ki. */
  clientBytes?: string;
  /** The engine, Valkey or Redis. Default: Valkey. */
  engine?: Engine;
  /** The image of the engine. Default: docker.io/valkey/valkey:9.1.2, or docker.io/library/redis:7.2.11 with engine Redis. */
  image?: Input<string>;
  /** When nodes pull the image. Default: IfNotPresent. */
  imagePullPolicy?: Input<string>;
  /** What survives the loss of all servers at once: an append-only file on volumes (Aof), or nothing (None). Default: Aof. */
  persistence?: Persistence;
  /** What a full store does: refuse new sessions (NoEviction), or drop the sessions that expire next (VolatileTtl). Default: NoEviction. */
  eviction?: Eviction;
  /** The storage class of the volumes. Default: that of the cluster. */
  storageClassName?: Input<string>;
  /** What happens to the volumes when their pods are gone for good. */
  persistentVolumeClaimRetentionPolicy?: ClaimRetentionArgs;
  /** TLS of Redis and the Sentinels. Default: no TLS. */
  tls?: RedisTlsArgs;
  /** Users of single gateways and servers, each with a password and keys of its own. They are added and removed while the store runs. Default: none; gateways and servers share one user. */
  users?: StoreUserArgs[];
  /** A sidecar of each server that exports its metrics for Prometheus. Default: none. */
  exporter?: ExporterArgs;
  /** The service account of the pods. */
  serviceAccount?: ServiceAccountArgs;
  /** maxmemory, such as 256Mi, instead of the planned one. Less is refused, and so is more than the volumes have room for. Default: as planned. */
  maxMemory?: string;
  /** maxclients, instead of the planned number. Fewer are refused. Default: as planned. */
  maxClients?: number;
  /** The resources of a server's container, instead of the planned ones. Less memory is refused. */
  resources?: ResourcesArgs;
  /** Functions that change the arguments of single children, in TypeScript only. Default: none. */
  transform?: RedisTransforms;
}
