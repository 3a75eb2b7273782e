import {
  DURATION,
  type Fault,
  isSection,
  type Path,
  type Section,
  seconds,
} from "@mcp-fleet/contract";
import { validate } from "@mcp-fleet/contract/settings";
import { COMPONENT_ARGUMENTS } from "./component-arguments.ts";
import { fit, hasArgument } from "./fit.ts";
import { GatewayDocument, gateOf } from "./gateway-document.ts";
import { present } from "./kinds/guards.ts";
import type { GatewayPart } from "./kinds/virtual-mcp-server.ts";
import { ownValue } from "./own-value.ts";
import type { ServerPart } from "./parts.ts";
import { type Component, Reference } from "./program.ts";

/** Sessions of one pod of ToolHive: the size of its cache, which cannot be set there. */
const SESSIONS_PER_POD = 1_000;

/** A gateway that can be written. */
export interface Gateway {
  readonly part: GatewayPart;
  /** The content of its gateway.yaml. */
  readonly configuration: Section;
  /** The store, where it needs one, and the gateway. */
  components(
    name: string,
    storeName: string,
    servers: ReadonlyMap<ServerPart, Component>,
  ): Component[];
}

/** Judges a gateway: what it does not support is removed and reported. Undefined where nothing usable is left. */
export function gatewayOf(part: GatewayPart): Gateway | undefined {
  const { document, reading } = part;
  loginByKeys(document);
  longCalls(document);
  const programOnly = serverTools(part);
  const missing = document.prune();
  if (missing.length > 0) {
    unusable(part, missing);
    return undefined;
  }
  const argsOfDocument = argumentsOf(part);
  return {
    part,
    configuration: configurationOf(document, programOnly),
    components: (name, storeName, servers) => {
      const sessions = Math.max(1, part.replicas) * SESSIONS_PER_POD;
      const namespace = reading.namespace;
      const store: Component | undefined = part.needsStore
        ? { type: "RedisSentinel", name: storeName, args: { sessions, namespace } }
        : undefined;
      const args = present({
        sessions,
        namespace,
        backends: backendsOf(part, servers),
        sessionStorage: store && new Reference(store),
        ...argsOfDocument,
      });
      return [...(store ? [store] : []), { type: "VirtualMcpServer", name, args }];
    },
  };
}

/** Raises the limit of calls where a timeout is above it: in ToolHive, only the timeout counts. */
function longCalls(document: GatewayDocument): void {
  const refused = document.faults().flatMap(({ steps }) => {
    const value = document.at(steps);
    const isTimeout = steps[0] === "operational" && steps[1] === "timeouts";
    return isTimeout && typeof value === "string" && DURATION.test(value) ? [{ steps, value }] : [];
  });
  const [longest] = refused.toSorted((one, other) => seconds(other.value) - seconds(one.value));
  if (longest === undefined || document.at(["limits", "callTimeoutMax"]) !== undefined) return;
  document.set(["limits", "callTimeoutMax"], longest.value);
  for (const { steps } of refused) {
    const why = `limits.callTimeoutMax is raised to ${longest.value}, too`;
    document.differs(
      steps,
      why,
      "the drain and grace period of pods cover it: shorten it if you can",
    );
  }
}

/** `oidc` as `jwt`, where only the second is supported and the keys' URL is given. */
function loginByKeys(document: GatewayDocument): void {
  const oidc = document.at(["incomingAuth", "oidc"]);
  const isRefused = document.faults().some(({ steps }) => gateOf(steps) === "incomingAuth");
  if (!isSection(oidc) || !isRefused) return;
  const { issuer, audience, jwksUrl, resource, ...others } = oidc;
  const rest = Object.keys(others).filter((key) => key !== "clientId" && key !== "scopes");
  if (!issuer || !audience || !jwksUrl || rest.length > 0) return;
  const why =
    "clients log in as before, by incomingAuth.type jwt: tokens are checked by the issuer's keys";
  document.differs(
    ["incomingAuth", "oidc"],
    why,
    "opaque tokens, which only the issuer can read, are refused",
  );
  document.remove(["incomingAuth", "oidc"]);
  document.set(["incomingAuth", "type"], "jwt");
  document.set(["incomingAuth", "jwt"], present({ issuer, audience, jwks: jwksUrl, resource }));
}

/**
 * Lets the gateway hide and rename the tools that proxies of ToolHive did.
 *
 * @returns the backends that still do it themselves while gateway.yaml calls their proxies.
 */
function serverTools({ document, servers }: GatewayPart): ReadonlySet<string> {
  const before = document.at(["aggregation", "tools"]);
  const entries: unknown[] = Array.isArray(before) ? [...before] : [];
  const programOnly = new Set<string>();
  for (const { name, tools, args } of servers) {
    if (tools === undefined) continue;
    const isNamed = entries.some((entry) => isSection(entry) && entry.workload === name);
    if (isNamed) {
      const why = `tools of ${name} are chosen twice: at the gateway, and by its own MCPToolConfig`;
      const fix =
        "write one choice, by the server's own names, into the gateway's aggregation.tools";
      tools.reading.left(tools.field, { topic: "aggregation", why, fix }, "tools");
      continue;
    }
    const { filter, overrides } = tools;
    const path = ["aggregation", "tools", entries.length];
    entries.push(present({ workload: name, filter, overrides }));
    document.trace(
      [...path, "filter"],
      tools.reading,
      tools.field === "spec" ? "spec.toolsFilter" : tools.field,
    );
    if (overrides) document.trace([...path, "overrides"], tools.reading, "spec.toolsOverride");
    if (args !== undefined) programOnly.add(name);
  }
  if (entries.length > 0) document.set(["aggregation", "tools"], entries);
  return programOnly;
}

function configurationOf(document: GatewayDocument, programOnly: ReadonlySet<string>): Section {
  const tools = document.at(["aggregation", "tools"]);
  if (programOnly.size === 0 || !Array.isArray(tools)) return document.content;
  const kept = tools.filter(
    (entry) => !(isSection(entry) && programOnly.has(String(entry.workload))),
  );
  const aggregation = document.at(["aggregation"]);
  const others = isSection(aggregation) ? aggregation : {};
  return {
    ...document.content,
    aggregation: present({ ...others, tools: kept.length > 0 ? kept : undefined }),
  };
}

function unusable({ document, reading }: GatewayPart, missing: readonly Fault[]): void {
  for (const { steps, path, rule } of missing) {
    const isBackends = steps[0] === "backends" || steps[0] === "discovery";
    const why = isBackends
      ? "none of the given resources is a member of its group, or a backend of it"
      : `${path} ${rule}`;
    const fix = isBackends
      ? "import the members too, or everything with --kube"
      : "correct it, and import again";
    if (document.isGiven(steps)) document.report(steps, why, fix);
    reading.left(reading.has("spec.groupRef") ? "spec.groupRef" : [], {
      topic: isBackends ? "discovery" : "other",
      why: `there is no gateway to write: ${why}`,
      fix,
    });
  }
}

/** Sections of a configuration that the components write themselves, or that are made apart. */
const OWN = ["name", "groupRef", "metadata", "backends", "sessionStorage", "discovery"];

/** What the configuration says as arguments of a VirtualMcpServer. */
function argumentsOf({ document, args, secrets, reading }: GatewayPart): Section {
  const dropped: Path[] = [];
  const said = Object.fromEntries(
    Object.entries(document.content).filter(([key]) => !OWN.includes(key)),
  );
  const aggregation = flattened(said.aggregation, dropped);
  const fitted = fit(
    { ...said, ...(aggregation && { aggregation }) },
    "VirtualMcpServer",
    [],
    dropped,
  );
  for (const path of dropped) {
    if (!hasEffect(document, path)) continue;
    const why = "is in gateway.yaml, and the component has no argument for it";
    const fix = "run the gateway from gateway.yaml where you need it";
    if (gateOf(path)) document.report(path, why, fix);
    else document.differs(path, why, fix);
  }
  if (document.isGiven(["sessionStorage"])) {
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
  const env = fit({ secrets: distinct(secrets) }, "VirtualMcpServer", [], []);
  return {
    ...(isSection(fitted) && fitted),
    ...(isOutside && !isOpen && { serviceType }),
    ...others,
    ...(secrets.length > 0 && isSection(env) && env),
    ...discoveryOf(document),
  };
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
function backendsOf(part: GatewayPart, servers: ReadonlyMap<ServerPart, Component>): unknown[] {
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
    return present({
      ...Object(fit(rest, "BackendArgs", [], dropped)),
      caBundleRef: member?.caBundleRef,
    });
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
function discoveryOf(document: GatewayDocument): Section {
  const isDiscovered = document.at(["discovery"]) !== undefined;
  return isDiscovered && hasArgument("VirtualMcpServer", "discovery") ? { discovery: {} } : {};
}
