import type { Found } from "../backend-entry.ts";
import type { KubeObject } from "../kube-object.ts";
import { proxyAddress } from "./toolhive-proxy.ts";

/** A server that ToolHive runs, which is reached through ToolHive's proxy. */
export function mcpServer(object: KubeObject, clusterDomain: string): Found {
  // The proxy of a server on standard input and output speaks what proxyMode says.
  const spoken = object.text("spec", "transport") ?? "stdio";
  const transport = spoken === "stdio" ? object.text("spec", "proxyMode") : spoken;
  return proxyAddress(
    object,
    `mcp-${object.name}-proxy`,
    transport ?? "streamable-http",
    clusterDomain,
  );
}
