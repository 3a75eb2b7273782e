import type { Input } from "@pulumi/pulumi";
import type { ResourcesArgs, WorkloadArgs } from "./arguments/pod-args.ts";
import type { Engine } from "./redis/engine.ts";
import type { Eviction, Persistence } from "./redis/redis-conf.ts";
import type { RedisTransforms } from "./transform.ts";

/** Who issues the certificate, with cert-manager in the cluster. */
export interface IssuerArgs {
  /** Its name. */
  name: Input<string>;
  /** Issuer or ClusterIssuer. Default: Issuer. */
  kind?: Input<string>;
}

/** How connections to Redis and to the Sentinels are encrypted. One of secretName and issuer is required. */
export interface RedisTlsArgs {
  /** A Secret with tls.crt, tls.key and ca.crt, whose certificate has the name in servername. One of secretName and issuer is required. */
  secretName?: Input<string>;
  /** Who issues a certificate for it. One of secretName and issuer is required. */
  issuer?: IssuerArgs;
  /** The name in the certificate. Default: that of the headless Service. */
  servername?: Input<string>;
}

/** A container beside each server that tells Prometheus of it. */
export interface ExporterArgs {
  /** Its image. Default: docker.io/oliver006/redis_exporter:v1.90.0. */
  image?: Input<string>;
}

/** What a RedisSentinel is told. Plain numbers decide its size; texts may be outputs. */
export interface RedisSentinelArgs extends WorkloadArgs {
  /** Sessions at a time, of all gateways and proxies that keep theirs here. */
  sessions: number;
  /** Sessions that the volumes have room for: growing sessions up to it changes no volume. Default: 100000. */
  storageSessions?: number;
  /** Gateway and proxy pods that are its clients, those of a rollout included. Default: 50. */
  clientPods?: number;
  /** Backends that a session calls, on average. Default: 10. */
  openedBackends?: number;
  /** The most that a client may say of itself: limits.clientBytes of the gateways. Default: 4Ki. */
  clientBytes?: string;
  /** The program. Default: Valkey. */
  engine?: Engine;
  /** Its image. Default: docker.io/valkey/valkey:9.1.2, or docker.io/library/redis:7.2.11 with engine Redis. */
  image?: Input<string>;
  /** When nodes ask the registry. Default: IfNotPresent. */
  imagePullPolicy?: Input<string>;
  /** What outlives all servers at once: an append-only file on volumes, or nothing. Default: Aof. */
  persistence?: Persistence;
  /** What a full server does: refuse new sessions, or drop those that expire next. Default: NoEviction. */
  eviction?: Eviction;
  /** The class of the volumes. Default: the cluster's. */
  storageClassName?: Input<string>;
  /** How connections are encrypted. Default: they are not. */
  tls?: RedisTlsArgs;
  /** A container beside each server that tells Prometheus of it. Default: none. */
  exporter?: ExporterArgs;
  /** maxmemory, such as 256Mi, in the place of what the plan says. Less is refused, and more than the volumes have room for. Default: the plan's. */
  maxMemory?: string;
  /** maxclients, in the place of what the plan says. Fewer are refused. Default: the plan's. */
  maxClients?: number;
  /** What a server's container gets, in the place of what the plan says. Less memory is refused. */
  resources?: ResourcesArgs;
  /** The last word on single children, in TypeScript. Default: none. */
  transform?: RedisTransforms;
}
