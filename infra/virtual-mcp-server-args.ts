import type { BackendArgs } from "./arguments/backend-args.ts";
import type { SessionAffinity } from "./arguments/choices.ts";
import type { HttpRouteArgs, IngressArgs } from "./arguments/exposure-args.ts";
import type { AutoscalingArgs } from "./arguments/load-args.ts";
import type { WorkloadArgs } from "./arguments/pod-args.ts";
import type { ProcessArgs } from "./arguments/process-args.ts";
import type { SessionStorageArgs } from "./arguments/session-storage-args.ts";
import type { AggregationArgs, IncomingAuthArgs } from "./arguments/settings-args.ts";
import type { ProcessTransforms } from "./transform.ts";

/** What a VirtualMcpServer is told. Plain numbers and lists decide which resources there are; texts may be outputs. */
export interface VirtualMcpServerArgs extends WorkloadArgs, ProcessArgs {
  /** Sessions at a time, of all clients together: everything else follows from it. */
  sessions: number;
  /** The MCP servers behind the endpoint. */
  backends: BackendArgs[];
  /** Where sessions live. Default: in the memory of the one pod that there then is. */
  sessionStorage?: SessionStorageArgs;
  /** How clients prove who they are. Default: everybody who reaches the port may call. */
  incomingAuth?: IncomingAuthArgs;
  /** How names of two backends are told apart. */
  aggregation?: AggregationArgs;
  /** Pods, in the place of what the plan says. Fewer are refused. Default: the plan's. */
  replicas?: number;
  /** A HorizontalPodAutoscaler that adds pods to those of the plan; not with replicas. Default: none. */
  autoscaling?: AutoscalingArgs;
  /** Whether the Service sends a client address to the same pod; any pod serves any session. Default: None. */
  sessionAffinity?: SessionAffinity;
  /** The names in the Host header that are answered, beside those of Ingress, HTTPRoute and Service. Default: every name, where there is neither Ingress nor HTTPRoute. */
  allowedHosts?: string[];
  /** The origins of browser clients that are answered. Default: pages of the allowed hosts. */
  allowedOrigins?: string[];
  /** An Ingress before the Service. Default: none. */
  ingress?: IngressArgs;
  /** An HTTPRoute before the Service. Default: none. */
  httpRoute?: HttpRouteArgs;
  /** The last word on single children, in TypeScript. Default: none. */
  transform?: ProcessTransforms;
}
