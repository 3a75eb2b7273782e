import { type Fault, fault, type Section } from "@mcp-fleet/contract";
import { stringify } from "yaml";
import { asArguments } from "./as-arguments.ts";
import { ComponentNames } from "./component-names.ts";
import { type Gateway, gatewayOf } from "./gateway.ts";
import { Given } from "./given.ts";
import { type Gate, ImportError } from "./import-error.ts";
import { group } from "./kinds/group.ts";
import { present } from "./kinds/guards.ts";
import { mcpRemoteProxy } from "./kinds/mcp-remote-proxy.ts";
import { mcpServer } from "./kinds/mcp-server.ts";
import { mcpServerEntry } from "./kinds/mcp-server-entry.ts";
import { unreferenced } from "./kinds/unreferenced.ts";
import { virtualMcpServer } from "./kinds/virtual-mcp-server.ts";
import type { ServerPart } from "./parts.ts";
import { type Component, LANGUAGES, type Language, type Program } from "./program.ts";
import { pythonProgram } from "./programs/python.ts";
import { typescriptProgram } from "./programs/typescript.ts";
import { yamlProgram } from "./programs/yaml.ts";
import { type Report, reportOf, reportPage } from "./report.ts";
import { type Resource, VMCP_FILE } from "./resource.ts";

export interface ImportOptions {
  readonly language: Language;
  /** What may be open afterwards that was closed, by the names of its gates. */
  readonly acceptOpen: readonly Gate[];
  /** Whether ToolHive goes on to run the servers, and gateways call its proxies. */
  readonly keepServers: boolean;
}

/** What an import makes: files by their paths, and what became of every field. */
export interface Imported {
  readonly files: ReadonlyMap<string, string>;
  readonly report: Report;
  /** The configuration of each gateway, by its path among the files. */
  readonly configurations: ReadonlyMap<string, Section>;
  readonly components: readonly Component[];
}

const WRITERS: Readonly<Record<Language, (program: Program) => string>> = {
  typescript: typescriptProgram,
  python: pythonProgram,
  yaml: yamlProgram,
};

/**
 * Turns ToolHive's resources into a gateway's YAML each, a Pulumi program and a report.
 *
 * @throws {ImportError} where values are of a wrong type, or where something would be open that was closed and
 * `acceptOpen` does not name it.
 */
export function importToolHive(resources: readonly Resource[], options: ImportOptions): Imported {
  const given = new Given(resources);
  const { keepServers } = options;
  const servers: readonly ServerPart[] = [
    ...given.of("MCPServer").map((reading) => mcpServer(given, reading, keepServers)),
    ...given.of("MCPRemoteProxy").map((reading) => mcpRemoteProxy(given, reading, keepServers)),
    ...given.of("MCPServerEntry").map((reading) => mcpServerEntry(given, reading)),
  ];
  given.of("MCPGroup").forEach(group);
  const gateways = [...given.of("VirtualMCPServer"), ...given.of(VMCP_FILE)].flatMap((reading) => {
    const gateway = gatewayOf(virtualMcpServer(given, reading, servers));
    return gateway ? [gateway] : [];
  });
  unreferenced(given);
  const called = new Set(gateways.flatMap(({ part }) => part.servers));
  for (const server of servers) if (!called.has(server)) uncalled(server);
  const components = componentsOf(gateways, servers, called);
  refuse(given, options.acceptOpen);
  return written(given, gateways, components, options.language);
}

/** What a server says that only a gateway could do for it. */
function uncalled({ reading, tools, strategy, args }: ServerPart): void {
  const fix = "import its group and the VirtualMCPServer of the group too";
  if (strategy) {
    const reason = {
      topic: "credentials",
      why: "no gateway calls the server, which would send it",
      fix,
    } as const;
    strategy.reading.left(strategy.field, reason);
    reading.left("spec.externalAuthConfigRef", reason);
  }
  if (tools) {
    const why = "no gateway calls the server, which would hide its tools";
    const field = reading.has("spec.tools") ? "spec.tools" : "spec.toolConfigRef";
    reading.left(field, { topic: "aggregation", why, fix }, "tools");
  }
  if (args === undefined && reading.resource.kind === "MCPServerEntry") {
    reading.unused("spec.remoteUrl", "no gateway of the given resources calls it");
  }
}

/** Stores, then servers, then gateways. */
function componentsOf(
  gateways: readonly Gateway[],
  servers: readonly ServerPart[],
  called: ReadonlySet<ServerPart>,
): Component[] {
  const serverNames = new ComponentNames();
  const ofServers = new Map<ServerPart, Component>();
  for (const server of servers) {
    // Clients of a server without a gateway have called its proxy.
    const replicas = called.has(server) ? undefined : 1;
    const args = server.args ?? (replicas && server.alone);
    if (args === undefined) continue;
    const name = serverNames.of(server.name, server.namespace);
    const { namespace } = server;
    const own = asArguments(args, "McpServer", [], []);
    const backendName = name === server.name ? undefined : server.name;
    const all = present({ namespace, backendName, replicas, ...Object(own) });
    ofServers.set(server, { type: "McpServer", name, args: all });
  }
  const gatewayNames = new ComponentNames();
  const storeNames = new ComponentNames();
  const ofGateways = gateways.flatMap((gateway) => {
    const { name, namespace } = gateway.part.reading;
    const own = gatewayNames.of(name, namespace);
    return gateway.components(
      own,
      storeNames.of(`${own.slice(0, 31)}-sessions`, namespace),
      ofServers,
    );
  });
  const isStore = ({ type }: Component) => type === "RedisSentinel";
  return [
    ...ofGateways.filter(isStore),
    ...ofServers.values(),
    ...ofGateways.filter((component) => !isStore(component)),
  ];
}

/** Faults, and gates that are not accepted: all at once, before anything is written. */
function refuse(given: Given, accepted: readonly Gate[]): void {
  const closed = given.readings.flatMap((reading) =>
    reading.remarks().flatMap(({ resource, path, gate, why = "", fix = "", origin }): Fault[] => {
      if (gate === undefined || accepted.includes(gate)) return [];
      const value = reading.at(path);
      const rule = `is not taken over: ${why}`;
      const way = fix ? `${fix}; or ` : "";
      const found = fault(
        [resource, ...path],
        value,
        rule,
        `${way}accept that it is open with --accept-open ${gate}`,
      );
      return [{ ...found, origin }];
    }),
  );
  const faults = [...given.faults, ...closed];
  if (faults.length > 0) throw new ImportError(faults);
}

function written(
  given: Given,
  gateways: readonly Gateway[],
  components: readonly Component[],
  language: Language,
): Imported {
  const files = new Map<string, string>();
  const configurations = new Map<string, Section>();
  const names = new ComponentNames();
  for (const { part, configuration } of gateways) {
    const { name, namespace } = part.reading;
    const path =
      gateways.length === 1 ? "gateway.yaml" : `gateways/${names.of(name, namespace)}.yaml`;
    configurations.set(path, configuration);
    files.set(path, stringify(configuration, { aliasDuplicateObjects: false, lineWidth: 0 }));
  }
  if (components.length > 0) {
    const program = { name: "imported-from-toolhive", components };
    files.set(LANGUAGES[language], WRITERS[language](program));
    if (language !== "yaml") {
      const runtime = language === "typescript" ? "nodejs" : "python";
      files.set("Pulumi.yaml", stringify({ name: program.name, runtime }));
    }
  }
  const report = reportOf(given, [...files.keys(), "REPORT.md"]);
  files.set("REPORT.md", reportPage(report));
  return { files, report, configurations, components };
}
