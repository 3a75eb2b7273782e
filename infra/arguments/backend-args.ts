import type { Input } from "@pulumi/pulumi";
import type { Catalog, Notifications, Routing, Scheme, Transport } from "./choices.ts";
import type { BackendAuthArgs } from "./outgoing-auth-args.ts";
import type { ConfigMapKeyArgs } from "./session-storage-args.ts";

/** A StatefulSet whose pods are the backend; each pod is addressed by its name. */
export interface StatefulSetAddressArgs {
  /** The name of the StatefulSet; its pods are name-0, name-1 and so on. */
  name: Input<string>;
  /** Its headless Service, with publishNotReadyAddresses: true. */
  service: Input<string>;
  /** The namespace of both. */
  namespace: Input<string>;
  /** The number of its pods. */
  replicas: number;
  /** The port of the MCP endpoint in the pods. */
  port: number;
  /** The DNS domain of the cluster. Default: cluster.local. */
  clusterDomain?: string;
}

/** An MCP server of the package behind a gateway: an entry of its `backends`. */
export interface ServerBackend
  extends Pick<
    BackendArgs,
    | "name"
    | "url"
    | "srv"
    | "maxPods"
    | "path"
    | "transport"
    | "stateful"
    | "catalog"
    | "notifications"
    | "callTimeout"
    | "callTimeoutMax"
    | "routing"
    | "scheme"
    | "caBundle"
    | "caBundleRef"
  > {}

/** A component that is a backend: an McpServer. */
export interface HasBackend {
  readonly backend: ServerBackend;
}

/** An MCP server behind a gateway. Exactly one of url, urls, srv and statefulSet is its address. */
export interface BackendArgs {
  /** The name of the backend, unique within the gateway. Used in tool prefixes, logs, metrics and /status. */
  name: string;
  /** The URL of its MCP endpoint: of a single server, of a Service in front of servers without sessions, or of a proxy. One of url, urls, srv and statefulSet is required. */
  url?: Input<string>;
  /** The URL of each pod, with a host name that stays with the pod. One of url, urls, srv and statefulSet is required. */
  urls?: Input<string>[];
  /** The fully qualified SRV record name of a headless Service, such as _mcp._tcp.github.tools.svc.cluster.local. One of url, urls, srv and statefulSet is required. */
  srv?: Input<string>;
  /** The maximum number of pods that srv may return. Default: 16. */
  maxPods?: number;
  /** The StatefulSet whose pods are the backend. One of url, urls, srv and statefulSet is required. */
  statefulSet?: StatefulSetAddressArgs;
  /** The URL path of the MCP endpoint, for the pods of srv and statefulSet. Default: /mcp. */
  path?: string;
  /** The MCP transport of the server. Default: streamable-http. */
  transport?: Transport;
  /** Set it to true where losing a server session loses work: calls then fail with an error instead of being sent again. Default: false. */
  stateful?: boolean;
  /** Which pod gets a call. Default: session for a stateful server or transport sse, spread otherwise. */
  routing?: Routing;
  /** Whether its lists are the same for all sessions. perSession keeps a stream per listening session open. Default: perSession if it gets passthroughHeaders, shared otherwise. */
  catalog?: Catalog;
  /** Which server messages clients receive. session keeps a stream per listening session open. Default: calls. */
  notifications?: Notifications;
  /** The headers of a client's request that this backend gets; [] for none. Default: passthroughHeaders of the gateway. */
  passthroughHeaders?: string[];
  /** The call timeout, such as 90s. Default: operational.timeouts.default of the gateway. */
  callTimeout?: string;
  /** The maximum duration of a call, such as 10m, which progress notifications may extend it to. The gateway's drain and grace period cover it. Default: limits.callTimeoutMax. */
  callTimeoutMax?: string;
  /** The URL scheme, for the pods of srv and statefulSet. Default: http. */
  scheme?: Scheme;
  /** The CA certificates to trust for this server, in PEM. Gateways take a changed one over. Default: those of the image. */
  caBundle?: Input<string>;
  /** An existing ConfigMap with them in the namespace of the pods, instead of caBundle. It is read when a pod starts. Default: none. */
  caBundleRef?: ConfigMapKeyArgs;
  /** How the gateway authenticates where it asks for lists and health by itself, with outgoingAuth token_exchange. Default: lists are read in each session. */
  discoveryAuth?: BackendAuthArgs;
}
