import type { Found } from "../backend-entry.ts";
import type { KubeObject } from "../kube-object.ts";
import { proxyAddress } from "./toolhive-proxy.ts";

/** A server elsewhere, which is reached through ToolHive's proxy. */
export function mcpRemoteProxy(object: KubeObject, clusterDomain: string): Found {
  const transport = object.text("spec", "transport") ?? "streamable-http";
  return proxyAddress(object, `mcp-${object.name}-remote-proxy`, transport, clusterDomain);
}
