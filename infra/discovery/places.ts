import type * as k8s from "@pulumi/kubernetes";
import type { DiscoveryArgs } from "../arguments/discovery-args.ts";

type Rule = k8s.types.input.rbac.v1.PolicyRule;

const READ = ["get", "list", "watch"];

const TOOLHIVE: Rule = {
  apiGroups: ["toolhive.stacklok.dev"],
  resources: ["mcpservers", "mcpremoteproxies", "mcpserverentries"],
  verbs: READ,
};

const SERVICES: readonly Rule[] = [
  { apiGroups: [""], resources: ["services"], verbs: READ },
  { apiGroups: ["apps"], resources: ["statefulsets"], verbs: READ },
];

/** A namespace where backends are, and what is read there to find them; undefined for that of the gateways. */
export interface Place {
  readonly namespace: string | undefined;
  readonly rules: readonly Rule[];
}

/** Where backends are. */
export function places({ groupRef, namespaces, services }: DiscoveryArgs): Place[] {
  const own: readonly (string | undefined)[] = namespaces ?? [undefined];
  const found = new Map<string | undefined, readonly Rule[]>();
  const add = (where: readonly (string | undefined)[], rules: readonly Rule[]) => {
    for (const namespace of new Set(where)) {
      found.set(namespace, [...(found.get(namespace) ?? []), ...rules]);
    }
  };
  if (groupRef !== undefined) add(own, [TOOLHIVE]);
  if (services !== undefined) add(services.namespaces ?? own, SERVICES);
  // Who else writes the ConfigMap has found them somewhere.
  if (found.size === 0) add(own, []);
  return [...found].map(([namespace, rules]) => ({ namespace, rules }));
}
