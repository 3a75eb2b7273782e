import type { ArgumentFault } from "./faults/argument-faults.ts";

/** Leaves room for the longest suffix of a child, its ordinal, and the revision hash that Kubernetes appends. */
const MAX_NAME_LENGTH = 40;

/**
 * The faults of a component's name. Children that others find by name are named after it, with a suffix. No
 * suffix ends with another one, so children of two components never share a name.
 */
export function nameFaults(name: string): ArgumentFault[] {
  const isLabel = /^[a-z](?:[a-z0-9-]*[a-z0-9])?$/.test(name);
  if (isLabel && name.length <= MAX_NAME_LENGTH) return [];
  return [
    {
      path: "name",
      value: name,
      rule: `must be 1 to ${MAX_NAME_LENGTH} lowercase letters, digits and dashes, starting with a letter`,
      fix: "choose another name; Services, pods and URLs are named after it",
    },
  ];
}

/** The role of a workload: its label `app.kubernetes.io/component`, and the suffix of its names. */
export type Part = "gateway" | "proxy" | "server" | "redis" | "sentinel";

export type Labels = Readonly<Record<string, string>>;

/** The labels that select pods. They never change, because selectors are immutable. */
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

/** A label's name has a limit. A longer backend is none of our components, whose names are shorter. */
const CALLS = /^[A-Za-z0-9](?:[\w.-]{0,55}[A-Za-z0-9])?$/;

const callLabel = (backend: string): string => `mcp-fleet.dev/calls-${backend}`;

/** The labels of a gateway's pods for its backends. The policies of their pods admit those that have theirs. */
export function callerLabels(backends: readonly string[]): Labels {
  const names = backends.filter((name) => CALLS.test(name));
  return Object.fromEntries(names.map((name) => [callLabel(name), "true"]));
}

/** The labels of the gateways, of any component, that call a server. */
export function callersOf(server: string): Labels {
  const { "app.kubernetes.io/instance": _, ...anyGateway } = selectorLabels("", "gateway");
  return { ...anyGateway, [callLabel(server)]: "true" };
}
