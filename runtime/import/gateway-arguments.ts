import { isSection, type Path, type Section } from "@mcp-fleet/contract";
import { validate } from "@mcp-fleet/contract/settings";
import { asArguments } from "./as-arguments.ts";
import { COMPONENT_ARGUMENTS } from "./component-arguments.ts";
import { GatewayDocument, gateOf } from "./gateway-document.ts";
import { present } from "./kinds/guards.ts";
import type { GatewayPart } from "./kinds/virtual-mcp-server.ts";
import { ownValue } from "./own-value.ts";
import type { ServerPart } from "./parts.ts";
import { type Component, Reference } from "./program.ts";

/** Sections of a configuration that the components write themselves, or that are made apart. */
const OWN = ["name", "groupRef", "metadata", "backends", "sessionStorage", "discovery"];

/** What the configuration says as arguments of a VirtualMcpServer. */
export function argumentsOf(part: GatewayPart): Section {
  const { document, args, secrets, reading } = part;
  const dropped: Path[] = [];
  const said = Object.fromEntries(
    Object.entries(document.content).filter(([key]) => !OWN.includes(key)),
  );
  const { rateLimiting, audit, ...rest } = said;
  const aggregation = flattened(said.aggregation, dropped);
  const fitted = asArguments(
    {
      ...rest,
      ...(aggregation && { aggregation }),
      ...(isSection(audit) && { audit: withSizeText(audit) }),
      ...(isSection(rateLimiting) && { rateLimits: withShared(rateLimiting) }),
    },
    "VirtualMcpServer",
    [],
    dropped,
    new Map(secrets.map(({ targetEnvName, name, key }) => [targetEnvName, { name, key }])),
  );
  for (const [top = "", ...path] of dropped) {
    withoutArgument(document, [top === "rateLimits" ? "rateLimiting" : top, ...path]);
  }
  if (part.needsStore && document.isGiven(["sessionStorage"])) {
    const why = "the program has a RedisSentinel of its own; gateway.yaml uses the given Redis";
    document.differs(
      ["sessionStorage"],
      why,
      "to keep the Redis, set sessionStorage.address, and declare it in externalStores of the policies",
    );
  }
  const isOpen = [undefined, "anonymous"].some(
    (type) => type === document.at(["incomingAuth", "type"]),
  );
  const { serviceType, ...others } = args;
  const isOutside = serviceType !== undefined && serviceType !== "ClusterIP";
  if (isOpen && isOutside) {
    const why = `everyone may call, and serviceType ${String(serviceType)} leads there from outside the cluster`;
    reading.different(
      "spec.serviceType",
      `${why}: the program has ClusterIP`,
      "set incomingAuth and serviceType",
    );
  }
  const env = asArguments({ secrets: distinct(secrets) }, "VirtualMcpServer", [], []);
  return {
    ...(isSection(fitted) && fitted),
    ...(isOutside && !isOpen && { serviceType }),
    ...others,
    ...(secrets.length > 0 && isSection(env) && env),
    ...discoveryOf(part),
  };
}

/** ToolHive's size is a number of bytes. */
function withSizeText(audit: Section): Section {
  const { maxDataSize, ...others } = audit;
  return maxDataSize === undefined ? audit : { ...others, maxDataSize: `${maxDataSize}B` };
}

/** Limits under the one name that the component has for `global` and `shared`. */
function withShared(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withShared);
  if (!isSection(value)) return value;
  const { global, ...others } = value;
  const named = global === undefined ? others : { ...others, shared: global };
  return Object.fromEntries(Object.entries(named).map(([key, one]) => [key, withShared(one)]));
}

/** Says that a program does without something, if that makes a difference; a guard must not be missing there. */
function withoutArgument(document: GatewayDocument, path: Path): void {
  if (!hasEffect(document, path)) return;
  const why = "is in gateway.yaml, and the component has no argument for it";
  const fix = "run the gateway from gateway.yaml where you need it";
  if (gateOf(path, document.at(path))) document.report(path, why, fix);
  else document.differs(path, why, fix);
}

function distinct<Entry extends { readonly targetEnvName: string }>(
  entries: readonly Entry[],
): Entry[] {
  return [...new Map(entries.map((entry) => [entry.targetEnvName, entry])).values()];
}

/** `conflictResolutionConfig` beside the rest of `aggregation`, where the component has it there. */
function flattened(aggregation: unknown, dropped: Path[]): Section | undefined {
  if (!isSection(aggregation)) return undefined;
  const inner = aggregation.conflictResolutionConfig;
  const members = COMPONENT_ARGUMENTS.AggregationArgs ?? {};
  if (!isSection(inner) || members.conflictResolutionConfig !== undefined) return aggregation;
  const { conflictResolutionConfig: _, ...others } = aggregation;
  const kept = Object.entries(inner).filter(([key]) => {
    const isKnown = ownValue(members, key) !== undefined;
    if (!isKnown) dropped.push(["aggregation", "conflictResolutionConfig", key]);
    return isKnown;
  });
  return { ...others, ...Object.fromEntries(kept) };
}

/** Whether a gateway would behave otherwise without what is at a path. */
function hasEffect(document: GatewayDocument, path: Path): boolean {
  const other = new GatewayDocument();
  for (const [key, value] of Object.entries(document.content)) other.set([key], value);
  other.remove(path);
  try {
    return JSON.stringify(validate(document.content)) !== JSON.stringify(validate(other.content));
  } catch {
    return true;
  }
}

/** The backends of a program: members of the group that are components, then by their addresses. */
export function backendsOf(
  part: GatewayPart,
  servers: ReadonlyMap<ServerPart, Component>,
): unknown[] {
  const entries = part.document.at(["backends"]);
  if (!Array.isArray(entries)) return [];
  return entries.map((entry: unknown, index) => {
    const name = isSection(entry) ? entry.name : undefined;
    const member = part.servers.find((server) => server.name === name);
    const component = member && servers.get(member);
    if (member && component) return new Reference(component, plainBackend(member, component));
    const dropped: Path[] = [];
    const { caBundlePath, ...rest } = isSection(entry) ? entry : {};
    if (caBundlePath !== undefined && member?.caBundleRef === undefined) {
      const why =
        "gateway.yaml reads the CA from a file, and the program needs it as caBundle or caBundleRef";
      part.document.differs(
        ["backends", index, "caBundlePath"],
        why,
        "set caBundleRef to the ConfigMap with it",
      );
    }
    const fitted = asArguments(rest, "BackendArgs", ["backends", index], dropped);
    for (const path of dropped) withoutArgument(part.document, path);
    return present({ ...Object(fitted), caBundleRef: member?.caBundleRef });
  });
}

/** A server of the program as a backend, in languages in which it does not stand for one. */
function plainBackend({ name, namespace, args = {} }: ServerPart, component: Component): Section {
  const isSse = args.transport === "sse";
  return present({
    name,
    srv: `_mcp._tcp.${component.name}-server.${namespace}.svc.cluster.local`,
    path: isSse ? "/sse" : undefined,
    transport: isSse ? "sse" : undefined,
  });
}

/** Backends that a process finds in the cluster, where the component has that. */
function discoveryOf({ document, reading }: GatewayPart): Section {
  if (document.at(["discovery"]) === undefined) return {};
  const groupRef = reading.reference("spec.groupRef") ?? reading.reference("groupRef");
  const fitted = asArguments({ discovery: present({ groupRef }) }, "VirtualMcpServer", [], []);
  return isSection(fitted) ? fitted : {};
}
