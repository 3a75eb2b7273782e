import type { Input } from "@pulumi/pulumi";
import type { ServiceAccountArgs } from "./pod-args.ts";

/** Services and StatefulSets that are backends. */
export interface DiscoveredServicesArgs {
  /** Their label selector, such as mcp-fleet.dev/backend=true. */
  labelSelector: string;
  /** The namespaces where they are looked for. Default: discovery.namespaces. */
  namespaces?: string[];
}

/** Backends that come and go while gateways run: a process of its own finds them in the cluster, or somebody else writes them into a ConfigMap. */
export interface DiscoveryArgs {
  /** The MCPGroup of ToolHive whose MCPServer, MCPRemoteProxy and MCPServerEntry are backends. Default: none. */
  groupRef?: string;
  /** The namespaces where backends are looked for. Default: that of the gateways. */
  namespaces?: string[];
  /** The Services and StatefulSets that are backends. Default: none. */
  services?: DiscoveredServicesArgs;
  /** The maximum number of backends, those under backends included: pods are planned for that many. Default: 32. */
  maxBackends?: number;
  /** The DNS domain of the cluster. Default: cluster.local. */
  clusterDomain?: string;
  /** An existing ConfigMap with the backends, in the namespace of the gateways. Without groupRef and services somebody else writes it, and nothing is looked for. Default: one of the component's own. */
  configMapName?: Input<string>;
  /** The service account of the process that looks. */
  serviceAccount?: ServiceAccountArgs;
  /** Whether to create the Roles and RoleBindings that the process needs. Default: true. */
  rbac?: boolean;
}
