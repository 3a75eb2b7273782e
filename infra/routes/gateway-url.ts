import { interpolate, type Output, output } from "@pulumi/pulumi";
import type { GatewayArgs } from "../gateway/gateway-args.ts";
import { MCP_PORT } from "../process/process-spec.ts";

/** The URL of the endpoint: at the host of Ingress or HTTPRoute, or at the Service inside the cluster. */
export function gatewayUrl(
  name: string,
  { ingress, httpRoute, namespace = "default" }: GatewayArgs,
): Output<string> {
  if (ingress !== undefined) {
    const scheme = ingress.tlsSecretName === undefined ? "http" : "https";
    return output(`${scheme}://${ingress.host}/mcp`);
  }
  const [host] = httpRoute?.hostnames ?? [];
  if (host !== undefined) return output(`https://${host}/mcp`);
  return interpolate`http://${name}-gateway.${namespace}.svc.cluster.local:${MCP_PORT}/mcp`;
}
