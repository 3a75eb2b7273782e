import type { ProcessPlan } from "@mcp-fleet/contract/capacity";
import { interpolate, type Output } from "@pulumi/pulumi";
import { present } from "../facts.ts";
import {
  backendSettings,
  type Configuration,
  processSettings,
} from "../process/process-settings.ts";
import type { VirtualMcpServerArgs } from "../virtual-mcp-server-args.ts";

/** The configuration of a gateway, but for what only its pods know. */
export function gatewaySettings(
  name: string,
  args: VirtualMcpServerArgs,
  plan: ProcessPlan,
): Configuration {
  const { sessions, incomingAuth, aggregation, allowedOrigins } = args;
  return {
    ...processSettings(name, sessions, plan, args),
    backends: args.backends.map(backendSettings),
    ...present<unknown>({
      allowedHosts: allowedHosts(name, args),
      allowedOrigins,
      incomingAuth,
      aggregation: aggregation && { conflictResolutionConfig: aggregation },
    }),
  };
}

/** The names of Ingress or HTTPRoute, of the Service, and what the user adds; undefined where every name is answered. */
function allowedHosts(
  name: string,
  args: VirtualMcpServerArgs,
): (string | Output<string>)[] | undefined {
  const { namespace = "default" } = args;
  const hosts = outsideHosts(args);
  if (args.allowedHosts === undefined && hosts.size === 0) return undefined;
  const service = `${name}-gateway`;
  const inside = [
    service,
    interpolate`${service}.${namespace}`,
    interpolate`${service}.${namespace}.svc`,
    interpolate`${service}.${namespace}.svc.cluster.local`,
    "localhost",
  ];
  return [...hosts.keys(), ...inside];
}

/** The names that lead to the endpoint from outside, each with the argument that says it. */
export function outsideHosts({
  ingress,
  httpRoute,
  allowedHosts: given = [],
}: VirtualMcpServerArgs): ReadonlyMap<string, string> {
  const said: (readonly [host: string, argument: string])[] = [
    ...given.map((host, index) => [host, `allowedHosts[${index}]`] as const),
    ...(httpRoute?.hostnames ?? []).map(
      (host, index) => [host, `httpRoute.hostnames[${index}]`] as const,
    ),
    ...(ingress ? [[ingress.host, "ingress.host"] as const] : []),
  ];
  // Of one name that is said twice, the first argument counts.
  return new Map(said.reverse());
}
