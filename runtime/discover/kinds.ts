import type { Found } from "./backend-entry.ts";
import { mcpRemoteProxy } from "./kinds/mcp-remote-proxy.ts";
import { mcpServer } from "./kinds/mcp-server.ts";
import { mcpServerEntry } from "./kinds/mcp-server-entry.ts";
import { plainService } from "./kinds/plain-service.ts";
import { statefulSet } from "./kinds/stateful-set.ts";
import type { KubeObject } from "./kube-object.ts";

/** A kind of objects that may be backends. */
export interface Kind {
  readonly name: string;
  /** The API group, "" for Kubernetes' core. */
  readonly group: string;
  /** The first that the API server has is read. */
  readonly versions: readonly string[];
  readonly plural: string;
  /** Whether its objects are chosen by their MCPGroup; else by a label selector. */
  readonly isOfToolhive: boolean;
  /** Where the backend of an object is. @throws {LeftOut} */
  readonly find: (object: KubeObject, clusterDomain: string) => Found;
}

const toolhive = {
  group: "toolhive.stacklok.dev",
  versions: ["v1beta1", "v1alpha1"],
  isOfToolhive: true,
};

/** Every kind that is read. */
export const KINDS: readonly Kind[] = [
  { ...toolhive, name: "MCPServer", plural: "mcpservers", find: mcpServer },
  { ...toolhive, name: "MCPRemoteProxy", plural: "mcpremoteproxies", find: mcpRemoteProxy },
  { ...toolhive, name: "MCPServerEntry", plural: "mcpserverentries", find: mcpServerEntry },
  {
    name: "StatefulSet",
    group: "apps",
    versions: ["v1"],
    plural: "statefulsets",
    isOfToolhive: false,
    find: statefulSet,
  },
  {
    name: "Service",
    group: "",
    versions: ["v1"],
    plural: "services",
    isOfToolhive: false,
    find: plainService,
  },
];
