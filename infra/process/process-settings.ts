import type { ProcessPlan } from "@mcp-fleet/contract/capacity";
import type { Input } from "@pulumi/pulumi";
import type { BackendArgs } from "../arguments/backend-args.ts";
import { NofileShortage } from "../arguments/choices.ts";
import type { ProcessArgs } from "../arguments/process-args.ts";
import { present } from "../facts.ts";
import { discoveryAuthSettings, outgoingAuthSettings } from "./backend-auth.ts";
import { caBundlePath } from "./backend-ca.ts";
import { ADMIN_PORT, MCP_PORT, METRICS_PORT } from "./process-spec.ts";
import { telemetrySettings } from "./telemetry.ts";

/** A configuration whose strings may be outputs, such as a namespace. */
export type Configuration = Readonly<Record<string, unknown>>;

/** Where the pods of clusters, and so ingress controllers and gateways, have their addresses. */
export const PRIVATE_NETWORKS: readonly string[] = [
  "10.0.0.0/8",
  "172.16.0.0/12",
  "192.168.0.0/16",
  "100.64.0.0/10",
  "fc00::/7",
];

/**
 * The settings that gateways and proxies share; planned numbers come from the plan.
 *
 * @param inFront the networks of what is in front of them, where the user names none.
 */
export function processSettings(
  name: string,
  sessions: number,
  plan: ProcessPlan,
  {
    session = {},
    limits = {},
    operational,
    outgoingAuth,
    passthroughHeaders,
    nofile = {},
    trustedProxies,
    dns,
    telemetry,
  }: ProcessArgs,
  inFront: readonly string[],
): Configuration {
  const { cacheEntries: _, ...lifetime } = session;
  return {
    name,
    host: "0.0.0.0",
    port: MCP_PORT,
    adminPort: ADMIN_PORT,
    metricsPort: METRICS_PORT,
    session: present<unknown>({
      ...lifetime,
      maxSessions: sessions,
      cacheEntries: plan.cacheEntries.value,
    }),
    limits: { ...limits, callTimeoutMax: `${plan.grace.drain.value}s` },
    drain: { linger: `${plan.grace.linger.value}s` },
    nofile: {
      mode: nofile.shortage ?? NofileShortage.Enforce,
      required: plan.requiredNofile.value,
    },
    trustedProxies: trustedProxies ?? inFront,
    ...(operational && { operational }),
    ...(outgoingAuth && { outgoingAuth: outgoingAuthSettings(outgoingAuth) }),
    ...(passthroughHeaders && { passthroughHeaders }),
    ...(dns && { dns }),
    ...(telemetry && { telemetry: telemetrySettings(telemetry) }),
  };
}

/** An entry of `backends` in the configuration. */
export function backendSettings(given: BackendArgs): Configuration {
  const { callTimeoutMax: _, caBundle, caBundleRef, ...backend } = given;
  return present<Input<unknown>>({
    ...backend,
    caBundlePath: caBundlePath(given),
    discoveryAuth: discoveryAuthSettings(given),
  });
}
