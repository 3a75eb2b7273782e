import * as k8s from "@pulumi/kubernetes";
import type { Input } from "@pulumi/pulumi";
import type { DiscoveryArgs } from "../arguments/discovery-args.ts";
import type { KeptFile } from "../pods/kept-file.ts";
import { ELSEWHERE, namespacePeer } from "../pods/network-peers.ts";
import {
  configMapName,
  type DiscoverySpec,
  isLookedFor,
  labelsOf,
  logicalNameOf,
} from "./discovery-spec.ts";
import { places } from "./places.ts";

type Rule = k8s.types.input.networking.v1.NetworkPolicyEgressRule;

/** Where gateways mount the backends that are found. */
export const BACKENDS_PATH = "/etc/mcp-fleet/backends";

/** What gateways need for backends that come and go. */
export interface FoundBackends {
  readonly kept: KeptFile;
  /** Where these may be. */
  readonly egress: readonly Rule[];
}

/** The name of the ConfigMap that the backends are in, which is created where the user has none. What is in it no update touches. */
export function backendsConfigMap(spec: DiscoverySpec): Input<string> {
  const { instance, namespace, parent, discovery } = spec;
  const name = configMapName(instance, discovery);
  if (discovery.configMapName !== undefined) return name;
  const args = { metadata: { name, namespace, labels: labelsOf(spec) } };
  const opts = { parent, ignoreChanges: ["data", "binaryData"] };
  return new k8s.core.v1.ConfigMap(`${logicalNameOf(spec)}-backends`, args, opts).metadata.name;
}

/**
 * The volume of the gateways' pods with them, and their way there. The volume is not optional: where the ConfigMap is lost,
 * pods keep the backends that they have.
 */
export function foundBackends(discovery: DiscoveryArgs, name: Input<string>): FoundBackends {
  // Where an MCPServerEntry leads, and what somebody else writes, nobody knows before.
  const isAnywhere = discovery.groupRef !== undefined || !isLookedFor(discovery);
  return {
    kept: { volume: { name: "backends", configMap: { name } }, mountPath: BACKENDS_PATH },
    egress: [
      ...places(discovery).map(({ namespace }) => ({
        to: [namespace === undefined ? { podSelector: {} } : namespacePeer(namespace)],
      })),
      ...(isAnywhere ? [{ to: [...ELSEWHERE] }] : []),
    ],
  };
}
