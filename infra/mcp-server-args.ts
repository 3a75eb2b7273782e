import type { Input } from "@pulumi/pulumi";
import type { Catalog, Notifications, SessionAffinity, Transport } from "./arguments/choices.ts";
import type { ResourcesArgs, WorkloadArgs } from "./arguments/pod-args.ts";
import type { ProcessArgs } from "./arguments/process-args.ts";
import type { SecretKeyArgs, SessionStorageArgs } from "./arguments/session-storage-args.ts";
import type { McpServerTransforms } from "./transform.ts";

/** A variable of the server's container. */
export interface EnvArgs {
  /** Its name. */
  name: string;
  /** Its value; what is secret belongs in secrets. */
  value: Input<string>;
}

/** A variable of the server's container that comes from a Secret. */
export interface SecretEnvArgs extends SecretKeyArgs {
  /** The variable's name. */
  targetEnvName: string;
}

/** What the server costs, for the plan. */
export interface ServerCostArgs {
  /** Memory of a pod without sessions. Default: 128Mi. */
  processBytes?: string;
  /** Memory of a session, or of the process that it starts. Default: 256Ki. */
  sessionBytes?: string;
  /** The most memory of a pod. Default: 4Gi. */
  memory?: string;
}

/** What an McpServer is told. Plain numbers decide which resources there are; texts may be outputs. */
export interface McpServerArgs extends WorkloadArgs {
  /** The server's image, which serves MCP over HTTP. One of image and url is required. */
  image?: Input<string>;
  /** The address of a server that runs elsewhere. One of image and url is required. */
  url?: Input<string>;
  /** How it is spoken to. Default: streamable-http. */
  transport?: Transport;
  /** The port of MCP in its pods. Default: 8080. */
  port?: number;
  /** The path of MCP in its pods. Default: /mcp, or /sse with transport sse. */
  path?: string;
  /** Sessions at a time. Default: 1000. */
  sessions?: number;
  /** Its proxies, in the place of what the plan says; 0: none, and gateways find the pods themselves. Default: the plan's with sessionStorage, 0 without. */
  replicas?: number;
  /** Pods of the server. Default: 1. */
  backendReplicas?: number;
  /** Sessions that its pods have room for: when that changes, they restart, and stateful ones lose what they keep. Default: sessions. */
  podSessions?: number;
  /** True when a lost session of the server loses work: it stays with its pod, and its loss is told. Default: false. */
  stateful?: boolean;
  /** Whether its lists are the same for all sessions. Default: shared. */
  catalog?: Catalog;
  /** What of its own messages a client gets. Default: calls. */
  notifications?: Notifications;
  /** The longest wait for an answer, such as 90s. Default: the gateway's. */
  callTimeout?: string;
  /** The longest call of all, such as 10m: its pods are given so long to finish. Default: 300s. */
  callTimeoutMax?: string;
  /** Where its proxies keep their sessions. Default: in the memory of the one proxy that there then may be. */
  sessionStorage?: SessionStorageArgs;
  /** Whether the proxies' Service sends a client address to the same pod. Default: None. */
  sessionAffinity?: SessionAffinity;
  /** Arguments of the container. Default: those of the image. */
  args?: Input<string>[];
  /** Variables of the container. Default: none. */
  env?: EnvArgs[];
  /** Variables of the container that come from Secrets. Default: none. */
  secrets?: SecretEnvArgs[];
  /** When nodes ask the registry. Default: IfNotPresent. */
  imagePullPolicy?: Input<string>;
  /** What the server costs. */
  cost?: ServerCostArgs;
  /** What a pod of the server gets, in the place of what the plan says. */
  resources?: ResourcesArgs;
  /** Seconds between SIGTERM and SIGKILL of the server's pods, in the place of what the plan says. Less is refused. Default: the plan's. */
  terminationGracePeriodSeconds?: number;
  /** How its proxies run. */
  proxy?: ProcessArgs;
  /** The last word on single children, in TypeScript. Default: none. */
  transform?: McpServerTransforms;
}
