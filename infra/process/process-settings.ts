import type { ProcessPlan } from "@mcp-fleet/contract/capacity";
import type { Input } from "@pulumi/pulumi";
import type { BackendArgs } from "../arguments/backend-args.ts";
import { NofileShortage } from "../arguments/choices.ts";
import type { ProcessArgs } from "../arguments/process-args.ts";
import { present } from "../facts.ts";
import { ADMIN_PORT, MCP_PORT } from "./process-spec.ts";

/** A configuration whose strings may be outputs, such as a namespace. */
export type Configuration = Readonly<Record<string, unknown>>;

/** The settings that gateways and proxies share; planned numbers come from the plan. */
export function processSettings(
  name: string,
  sessions: number,
  plan: ProcessPlan,
  { session = {}, limits = {}, operational, nofile = {} }: ProcessArgs,
): Configuration {
  const { idleTtl, maxLifetime, maxPerPrincipal, initializePerMinute } = session;
  return {
    name,
    host: "0.0.0.0",
    port: MCP_PORT,
    adminPort: ADMIN_PORT,
    session: present<unknown>({
      idleTtl,
      maxLifetime,
      maxPerPrincipal,
      initializePerMinute,
      maxSessions: sessions,
      cacheEntries: plan.cacheEntries.value,
    }),
    limits: { ...limits, callTimeoutMax: `${plan.grace.drain.value}s` },
    drain: { linger: `${plan.grace.linger.value}s` },
    nofile: {
      mode: nofile.shortage ?? NofileShortage.Enforce,
      required: plan.requiredNofile.value,
    },
    ...(operational && { operational }),
  };
}

/** An entry of `backends` in the configuration. */
export function backendSettings({ callTimeoutMax: _, ...backend }: BackendArgs): Configuration {
  return present<Input<unknown>>({ ...backend });
}
