import { DURATION, type Fault, isSection, type Section, seconds } from "@mcp-fleet/contract";
import { hasArgument } from "./as-arguments.ts";
import { argumentsOf, backendsOf } from "./gateway-arguments.ts";
import type { GatewayDocument } from "./gateway-document.ts";
import { present } from "./kinds/guards.ts";
import type { GatewayPart } from "./kinds/virtual-mcp-server.ts";
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
  longCalls(document);
  const programOnly = serverTools(part);
  const missing = document.prune();
  if (missing.length > 0) {
    unusable(part, missing);
    return undefined;
  }
  const argsOfDocument = argumentsOf(part);
  const isDeployable =
    document.at(["backends"]) !== undefined || hasArgument("VirtualMcpServer", "discovery");
  if (!isDeployable) {
    const why =
      "its backends are discovered: gateway.yaml reads them from a folder, and the program has no gateway";
    reading.different("spec.groupRef", why, "import the members of the group too");
  }
  return {
    part,
    configuration: configurationOf(document, programOnly),
    components: (name, storeName, servers) => {
      if (!isDeployable) return [];
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
