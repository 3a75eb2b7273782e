import { encode, MAX_BACKENDS } from "@mcp-fleet/contract/settings";
import { type Input, output } from "@pulumi/pulumi";
import type { DiscoveryArgs } from "../arguments/discovery-args.ts";
import { present } from "../facts.ts";
import type { ArgumentFault } from "../faults/argument-faults.ts";
import { serviceAccountFaults } from "../faults/kubernetes-faults.ts";
import { ADMIN_PORT } from "../process/process-spec.ts";
import { configMapName, type DiscoverySpec, isLookedFor } from "./discovery-spec.ts";

/** How many backends there may be, those that are listed included. */
export const maxBackendsOf = ({ maxBackends = MAX_BACKENDS.default }: DiscoveryArgs): number =>
  maxBackends;

/** The settings of the section `discovery` that say what is looked for. */
export function lookedFor(discovery: DiscoveryArgs): object {
  const { namespaces, services, clusterDomain, configMapName: configMap } = discovery;
  return present<unknown>({ namespaces, services, clusterDomain, configMap });
}

/** The configuration of the process that looks, as variables of its container. */
export function discoveryVariables(spec: DiscoverySpec): Record<string, Input<string>> {
  const { instance, discovery, listed, process } = spec;
  const { logLevel } = process.operational ?? {};
  const name = configMapName(instance, discovery);
  const document = (configMap: string) =>
    encode({
      name: instance,
      host: "0.0.0.0",
      adminPort: ADMIN_PORT,
      backends: [],
      ...present({ groupRef: discovery.groupRef }),
      ...(logLevel !== undefined && { operational: { logLevel } }),
      discovery: {
        ...lookedFor(discovery),
        configMap,
        maxBackends: maxBackendsOf(discovery) - listed,
      },
    });
  if (typeof name === "string") return document(name);
  const variable = "MCP_FLEET_DISCOVERY_CONFIG_MAP";
  return { ...document("known-later"), [variable]: output(name) };
}

/** The faults that neither the schema nor the configuration of the gateways reports. */
export function discoveryFaults(
  discovery: DiscoveryArgs | undefined,
  listed: number,
): ArgumentFault[] {
  if (discovery === undefined) return [];
  const { maxBackends, configMapName: existing, rbac, serviceAccount } = discovery;
  const faults: ArgumentFault[] = [
    ...serviceAccountFaults("discovery.serviceAccount", serviceAccount),
  ];
  const path = "discovery.maxBackends";
  const { min, max } = MAX_BACKENDS;
  if (
    maxBackends !== undefined &&
    !(Number.isInteger(maxBackends) && maxBackends >= min && maxBackends <= max)
  ) {
    const rule = `must be a whole number from ${min} to ${max}`;
    faults.push({ path, value: maxBackends, rule, fix: `set it to ${min} or more` });
  } else if (maxBackendsOf(discovery) <= listed) {
    const rule = `must be more than the number of backends that are listed, which is ${listed}`;
    const fix = `set it to ${listed + 1} or more`;
    faults.push({ path, value: maxBackendsOf(discovery), rule, fix });
  }
  if (isLookedFor(discovery)) return faults;
  if (existing === undefined) {
    faults.push({
      path: "discovery.groupRef",
      rule: "is required, unless services or configMapName is set",
      fix: "name the MCPGroup, or say what else to look for, or where somebody else writes backends",
    });
  }
  for (const [name, given] of Object.entries({ rbac, serviceAccount })) {
    if (given === undefined) continue;
    const rule = "must be absent without groupRef and services, because nothing is looked for";
    faults.push({ path: `discovery.${name}`, rule, fix: "remove it" });
  }
  return faults;
}
