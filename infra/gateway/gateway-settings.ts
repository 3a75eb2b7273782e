import type { ProcessPlan } from "@mcp-fleet/contract/capacity";
import { interpolate, type Output } from "@pulumi/pulumi";
import { riskSettings } from "../accepted-risks.ts";
import type { AggregationArgs } from "../arguments/aggregation-args.ts";
import { maxBackendsOf } from "../discovery/discovery-settings.ts";
import { BACKENDS_PATH } from "../discovery/found-backends.ts";
import { present } from "../facts.ts";
import { loginSettings } from "../process/login-settings.ts";
import {
  backendSettings,
  type Configuration,
  PRIVATE_NETWORKS,
  processSettings,
} from "../process/process-settings.ts";
import type { GatewayArgs } from "./gateway-args.ts";

/** The configuration of a gateway, without the paths that only its pods know. */
export function gatewaySettings(name: string, args: GatewayArgs, plan: ProcessPlan): Configuration {
  const { sessions, incomingAuth, aggregation, allowedOrigins, discovery } = args;
  const { audit, rateLimits } = args;
  const isRouted = args.ingress !== undefined || args.httpRoute !== undefined;
  return {
    ...processSettings(name, sessions, plan, args, isRouted ? PRIVATE_NETWORKS : []),
    ...riskSettings(args),
    backends: args.backends.map(backendSettings),
    ...present<unknown>({
      allowedHosts: allowedHosts(name, args),
      allowedOrigins,
      incomingAuth: incomingAuth && loginSettings(incomingAuth),
      aggregation: aggregation && aggregationSettings(aggregation),
      discovery: discovery && {
        directory: BACKENDS_PATH,
        maxBackends: maxBackendsOf(discovery),
      },
      audit,
      rateLimiting: rateLimits,
    }),
  };
}

function aggregationSettings({ prefixFormat, priorityOrder, ...rest }: AggregationArgs) {
  return { ...rest, conflictResolutionConfig: present({ prefixFormat, priorityOrder }) };
}

/** The host names of Ingress, HTTPRoute and Service, plus those of the user; undefined where every name is accepted. */
function allowedHosts(name: string, args: GatewayArgs): (string | Output<string>)[] | undefined {
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

/** The external host names of the endpoint, each with the argument that it comes from. */
export function outsideHosts({
  ingress,
  httpRoute,
  allowedHosts: extra = [],
}: GatewayArgs): ReadonlyMap<string, string> {
  const given: (readonly [host: string, argument: string])[] = [
    ...extra.map((host, index) => [host, `allowedHosts[${index}]`] as const),
    ...(httpRoute?.hostnames ?? []).map(
      (host, index) => [host, `httpRoute.hostnames[${index}]`] as const,
    ),
    ...(ingress ? [[ingress.host, "ingress.host"] as const] : []),
  ];
  // Where a name is given twice, the first argument counts. Sorted, a route to an allowed host changes nothing.
  const byHost = new Map(given.reverse());
  return new Map([...byHost].sort(([one], [other]) => (one < other ? -1 : 1)));
}
