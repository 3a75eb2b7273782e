import type { AggregationArgs } from "./arguments/aggregation-args.ts";
import type { AuditArgs } from "./arguments/audit-args.ts";
import type { BackendArgs, HasBackend } from "./arguments/backend-args.ts";
import type { SessionAffinity } from "./arguments/choices.ts";
import type { DiscoveryArgs } from "./arguments/discovery-args.ts";
import type { HttpRouteArgs, IngressArgs } from "./arguments/exposure-args.ts";
import type { AutoscalingArgs } from "./arguments/load-args.ts";
import type { ProcessRisksArgs, WorkloadArgs } from "./arguments/pod-args.ts";
import type { ProcessArgs } from "./arguments/process-args.ts";
import type { RateLimitsArgs } from "./arguments/rate-limit-args.ts";
import type { HasConnection, SessionStorageArgs } from "./arguments/session-storage-args.ts";
import type { IncomingAuthArgs } from "./arguments/settings-args.ts";
import type { ProcessTransforms } from "./transform.ts";

/** The arguments of VirtualMcpServer. Numbers and lists are plain, because they decide which resources are created; strings may be outputs. */
export interface VirtualMcpServerArgs extends WorkloadArgs, ProcessArgs {
  /** Concurrent sessions of all clients together. All sizes follow from this number. */
  sessions: number;
  /** The MCP servers behind the endpoint. In TypeScript, an McpServer stands for its backend. Required without discovery. Default: none. */
  backends?: (BackendArgs | HasBackend)[];
  /** Further backends, which come and go while the gateways run. Default: none. */
  discovery?: DiscoveryArgs;
  /** Where sessions are stored. In TypeScript, a RedisSentinel stands for its connection. Default: in memory, with a single pod. */
  sessionStorage?: SessionStorageArgs | HasConnection;
  /** How clients authenticate. Default: everyone who reaches the port may call. */
  incomingAuth?: IncomingAuthArgs;
  /** The risks that are taken, each with its reason, which is shown in every preview and kept in the facts. Default: none. */
  acceptRisks?: ProcessRisksArgs;
  /** How name conflicts between backends are resolved. */
  aggregation?: AggregationArgs;
  /** Which audit events are written. Default: none. */
  audit?: AuditArgs;
  /** How much clients may do in a period. Default: no limits. */
  rateLimits?: RateLimitsArgs;
  /** The number of pods, instead of the planned one. Fewer are refused. Default: as planned. */
  replicas?: number;
  /** An autoscaler that adds pods to the planned ones. Not together with replicas. Default: none. */
  autoscaling?: AutoscalingArgs;
  /** Whether the Service sends all connections of a client address to the same pod. Not needed: any pod serves any session. Default: None. */
  sessionAffinity?: SessionAffinity;
  /** The host names that are accepted in the Host header, in addition to those of Ingress, HTTPRoute and Service. Default: every name, if there is neither an Ingress nor an HTTPRoute. */
  allowedHosts?: string[];
  /** The origins of browser clients that are accepted. Default: pages of the allowed hosts. */
  allowedOrigins?: string[];
  /** An Ingress in front of the Service. Default: none. */
  ingress?: IngressArgs;
  /** An HTTPRoute in front of the Service. Default: none. */
  httpRoute?: HttpRouteArgs;
  /** Functions that change the arguments of single children, in TypeScript only. Default: none. */
  transform?: ProcessTransforms;
}
