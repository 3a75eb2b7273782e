import type { ArgumentFault } from "./faults/argument-faults.ts";

/** Leaves room for the longest suffix of a child, its ordinal, and the revision hash that Kubernetes appends. */
const MAX_NAME_LENGTH = 40;

/** The names of a component, both of which those of its children begin with. */
export interface Names {
  /** In Pulumi: two components of a type and stack never share it. */
  readonly logicalName: string;
  /** In Kubernetes, and so in addresses, labels and the default key prefix. */
  readonly instance: string;
}

/** The name in Kubernetes is that in Pulumi, unless the user names another one. */
export function namesOf(logicalName: string, { name = logicalName }: { name?: string }): Names {
  return { logicalName, instance: name };
}

/**
 * The faults of a component's names. The one in Pulumi is that of generated names of Secrets and ConfigMaps, whatever
 * the argument is.
 */
export function componentNameFaults(
  logicalName: string,
  args: { readonly name?: string } | undefined,
): ArgumentFault[] {
  const given = args?.name;
  const ofArgument = typeof given === "string" && given !== logicalName ? nameFaults(given) : [];
  return [...nameFaults(logicalName), ...ofArgument];
}

/**
 * The faults of a name. Children that others find by name are named after it, with a suffix. No suffix ends with
 * another one, so children of two components never share a name.
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
export type Part = "gateway" | "discover" | "proxy" | "server" | "redis" | "sentinel";

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

/** What a label's name has room for. A longer backend is none of our components. */
const CALLS = /^[A-Za-z0-9](?:[\w.-]{0,55}[A-Za-z0-9])?$/;

/** The faults of the name of a server as a backend, which is in labels of the gateways that call it. */
export function backendNameFaults(name: string | undefined): ArgumentFault[] {
  if (name === undefined || CALLS.test(name)) return [];
  const rule =
    "must be 1 to 57 letters, digits, dots, dashes and underscores, of which the first and the last are letters or digits";
  return [{ path: "backendName", value: name, rule, fix: "write it as github" }];
}

const callLabel = (backend: string): string => `mcp-fleet.dev/calls-${backend}`;

/** The labels of a gateway's pods for its backends. The policies of their pods admit those that have theirs. */
export function callerLabels(backends: readonly string[]): Labels {
  const names = backends.filter((name) => CALLS.test(name));
  return Object.fromEntries(names.map((name) => [callLabel(name), "true"]));
}

/** The labels of the gateways, of any component, that call a backend of this name. */
export function callersOf(backend: string): Labels {
  const { "app.kubernetes.io/instance": _, ...anyGateway } = selectorLabels("", "gateway");
  return { ...anyGateway, [callLabel(backend)]: "true" };
}
