import type { Input } from "@pulumi/pulumi";
import type { Catalog, Notifications, Routing, Transport } from "./choices.ts";

/** The pods of a StatefulSet, each called by its name. */
export interface StatefulSetAddressArgs {
  /** The StatefulSet's name; its pods are called name-0, name-1 and so on. */
  name: Input<string>;
  /** Its headless Service, which publishes not-ready addresses. */
  service: Input<string>;
  /** The namespace of both. */
  namespace: Input<string>;
  /** How many pods it has. */
  replicas: number;
  /** The port of MCP in the pods. */
  port: number;
  /** The domain of the cluster. Default: cluster.local. */
  clusterDomain?: string;
}

/** An MCP server behind a gateway. One of url, urls, srv and statefulSet says where it is. */
export interface BackendArgs {
  /** Its name, unique in a gateway: it stands in prefixes, log, metrics and status. */
  name: string;
  /** The address of its MCP endpoint: of a single server, of a Service before servers without sessions, or of a proxy. One of url, urls, srv and statefulSet is required. */
  url?: Input<string>;
  /** The address of each pod, by a name that stays with the pod. One of url, urls, srv and statefulSet is required. */
  urls?: Input<string>[];
  /** The SRV records of a headless Service, fully qualified. One of url, urls, srv and statefulSet is required. */
  srv?: Input<string>;
  /** The most pods that srv may name. Default: 16. */
  maxPods?: number;
  /** The StatefulSet whose pods it is. One of url, urls, srv and statefulSet is required. */
  statefulSet?: StatefulSetAddressArgs;
  /** The path of MCP in the pods of srv and statefulSet. Default: /mcp. */
  path?: string;
  /** How it is spoken to. Default: streamable-http. */
  transport?: Transport;
  /** True when a lost session of the server loses work: clients are told, and no call is repeated. Default: false. */
  stateful?: boolean;
  /** Which pod gets a call. Default: session for a stateful server, spread otherwise. */
  routing?: Routing;
  /** Whether its lists are the same for all sessions; perSession keeps a stream per listening session. Default: shared. */
  catalog?: Catalog;
  /** What of its own messages a client gets; session keeps a stream per listening session. Default: calls. */
  notifications?: Notifications;
  /** The longest wait for an answer, such as 90s. Default: operational.timeouts.default of the gateway. */
  callTimeout?: string;
  /** The longest call of all, such as 10m: the gateway's drain and grace period cover it. Default: limits.callTimeoutMax. */
  callTimeoutMax?: string;
}
