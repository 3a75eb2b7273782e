import type { Input } from "@pulumi/pulumi";
import type {
  Catalog,
  Notifications,
  Routing,
  Scheme,
  SessionAffinity,
  Transport,
  WorkloadKind,
} from "./arguments/choices.ts";
import type { EnvArgs, SecretEnvArgs } from "./arguments/env-args.ts";
import type { AutoscalingArgs } from "./arguments/load-args.ts";
import type {
  ProcessRisksArgs,
  ResourcesArgs,
  ServiceAccountArgs,
  WorkloadArgs,
} from "./arguments/pod-args.ts";
import type { ProcessArgs } from "./arguments/process-args.ts";
import type {
  ConfigMapKeyArgs,
  HasConnection,
  SessionStorageArgs,
} from "./arguments/session-storage-args.ts";
import type { IncomingAuthArgs } from "./arguments/settings-args.ts";
import type { McpServerTransforms } from "./transform.ts";

/** What the server's pods and sessions cost, as input of the capacity plan. */
export interface ServerCostArgs {
  /** Memory of a pod without sessions. Default: 128Mi. */
  processBytes?: string;
  /** Memory per session, or of the process that a session starts. Default: 256Ki. */
  sessionBytes?: string;
  /** Maximum memory of a pod. Default: 4Gi. */
  memory?: string;
}

/** The arguments of McpServer. Numbers are plain, because they decide which resources are created; strings may be outputs. */
export interface McpServerArgs extends WorkloadArgs {
  /** Its name as a backend of gateways, and so in tool prefixes. Default: name. */
  backendName?: string;
  /** The image of the server, which serves MCP over HTTP. One of image and url is required. */
  image?: Input<string>;
  /** The URL of a server that runs elsewhere. One of image and url is required. */
  url?: Input<string>;
  /** The MCP transport of the server. Default: streamable-http. */
  transport?: Transport;
  /** The port of the MCP endpoint in its pods. Default: 8080. */
  port?: number;
  /** The URL path of the MCP endpoint in its pods. Default: /mcp, or /sse with transport sse. */
  path?: string;
  /** Concurrent sessions. Default: 1000. */
  sessions?: number;
  /** The number of proxies, instead of the planned one. With 0 there are none, and gateways call the pods directly. Default: as planned with sessionStorage, 0 without. */
  replicas?: number;
  /** The number of the server's pods; with backendAutoscaling the minimum. Default: 1. */
  backendReplicas?: number;
  /** Sessions that each of the server's pods has room for. Only this number decides the size of a pod, so pods may be added and removed without a restart of the others. A change restarts them. Default: sessions, or as many as cost.memory holds. */
  podSessions?: number;
  /** Set it to true where losing a server session loses work: sessions then stay with their pod, and calls of a lost one fail with an error. Default: false. */
  stateful?: boolean;
  /** Whether its lists are the same for all sessions. Default: shared. */
  catalog?: Catalog;
  /** Which server messages clients receive. Default: calls. */
  notifications?: Notifications;
  /** The call timeout, such as 90s. Default: that of the gateway. */
  callTimeout?: string;
  /** The maximum duration of a call, such as 10m, which progress notifications may extend it to. The grace period of its pods covers it. Default: 300s. */
  callTimeoutMax?: string;
  /** Where its proxies store sessions. In TypeScript, a RedisSentinel stands for its connection. Default: in memory, with at most one proxy. */
  sessionStorage?: SessionStorageArgs | HasConnection;
  /** Whether the Service of the proxies sends all connections of a client address to the same pod. Default: None. */
  sessionAffinity?: SessionAffinity;
  /** The arguments of the container. Default: those of the image. */
  args?: Input<string>[];
  /** Environment variables of the container. Default: none. */
  env?: EnvArgs[];
  /** Environment variables of the container with values from Secrets. Default: none. */
  secrets?: SecretEnvArgs[];
  /** When nodes pull the image. Default: IfNotPresent. */
  imagePullPolicy?: Input<string>;
  /** What the server's pods and sessions cost. */
  cost?: ServerCostArgs;
  /** The resources of the server's pods, instead of the planned ones. */
  resources?: ResourcesArgs;
  /** The service account of the server's pods; that of its proxies is in proxy. */
  serviceAccount?: ServiceAccountArgs;
  /** Seconds between SIGTERM and SIGKILL of the server's pods, instead of the planned ones. Less is refused. Default: as planned. */
  terminationGracePeriodSeconds?: number;
  /** The risks that are taken, each with its reason, which is shown in every preview and kept in the facts. Default: none. */
  acceptRisks?: ProcessRisksArgs;
  /** How its proxies run. */
  proxy?: ProcessArgs;
  /** An autoscaler that adds proxies to the planned ones. Not together with replicas. Default: none. */
  autoscaling?: AutoscalingArgs;
  /** Which of its pods gets a call. Default: session for a stateful server or transport sse, spread otherwise. */
  routing?: Routing;
  /** The URL scheme of its pods; that of a server that runs elsewhere is in url. Default: http. */
  scheme?: Scheme;
  /** The CA certificates to trust for it, in PEM, where its URL or scheme is https. A changed one restarts its proxies; gateways take it over. Default: those of the image. */
  caBundle?: Input<string>;
  /** An existing ConfigMap with them in the namespace of the pods that call it, instead of caBundle. It is read when a pod starts. Default: none. */
  caBundleRef?: ConfigMapKeyArgs;
  /** What runs the server's pods. A Deployment starts a new pod before it stops an old one, and is refused for a stateful server, whose sessions stay with the name of their pod. A change starts the new pods before it removes the old ones. Default: StatefulSet. */
  workload?: WorkloadKind;
  /** An autoscaler that adds pods of the server to backendReplicas. Refused for a stateful server, whose sessions end with their pod. Default: none. */
  backendAutoscaling?: AutoscalingArgs;
  /** How clients of its proxies authenticate, and what they may use, where it is called without a gateway. It needs proxies. Default: everyone who reaches the port may call. */
  incomingAuth?: IncomingAuthArgs;
  /** Functions that change the arguments of single children, in TypeScript only. Default: none. */
  transform?: McpServerTransforms;
}
