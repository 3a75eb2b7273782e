import type { ArgumentFault } from "./argument-faults.ts";

/** Leaves room for the longest name of a child, its ordinal, and the revision that Kubernetes puts behind it. */
const LONGEST_NAME = 40;

/**
 * What is wrong with the name of a component. Children that others find by name are called by it and a suffix; no
 * suffix is the end of another, so that children of two components never have one name.
 */
export function nameFaults(name: string): ArgumentFault[] {
  const isLabel = /^[a-z](?:[a-z0-9-]*[a-z0-9])?$/.test(name);
  if (isLabel && name.length <= LONGEST_NAME) return [];
  return [
    {
      path: "name",
      value: name,
      rule: `a component's name is 1 to ${LONGEST_NAME} small letters, digits and dashes, a letter first`,
      fix: "choose such a name: Services, pods and URLs are called by it",
    },
  ];
}

/** What a workload is for: its label `app.kubernetes.io/component`, and the suffix of its names. */
export type Part = "gateway" | "proxy" | "server" | "redis" | "sentinel";

export type Labels = Readonly<Record<string, string>>;

/** By these a workload and its Services find their pods: they never change, since a selector cannot. */
export function selectorLabels(instance: string, part: Part): Labels {
  return {
    "app.kubernetes.io/name": "mcp-fleet",
    "app.kubernetes.io/instance": instance,
    "app.kubernetes.io/component": part,
  };
}

/** The labels of every child. */
export function labels(instance: string, part: Part): Labels {
  return { ...selectorLabels(instance, part), "app.kubernetes.io/managed-by": "pulumi" };
}
