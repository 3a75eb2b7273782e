import type * as z from "zod";
import { isSection, type Section, valueAt, withoutNulls } from "../document.ts";
import { ConfigError, type Fault, fault, faultsOf } from "../faults.ts";
import { configuration } from "./configuration.ts";
import { knownKeys } from "./schema-walk.ts";
import type { Settings } from "./settings.ts";

/** What `mcp-fleet discover` reads of a gateway's configuration. */
export interface ClusterDiscoverySettings
  extends Pick<Settings, "name" | "host" | "adminPort" | "peerHost" | "allowedHosts" | "logLevel"> {
  /** The ToolHive group whose members are backends. Absent: no kind of ToolHive is read. */
  readonly groupRef?: string;
  /** Absent: the namespace of the process. */
  readonly namespaces?: readonly string[];
  /** Absent: no Services and StatefulSets are read. */
  readonly services?: {
    readonly labelSelector: string;
    readonly namespaces?: readonly string[] | undefined;
  };
  /** The ConfigMap with the backends. */
  readonly configMap: string;
  readonly clusterDomain: string;
  /** The most that may be found: what `discovery.maxBackends` leaves beside those that are listed. */
  readonly maxBackends: number;
}

/** The rest is judged by the gateways: a fault there keeps no backend from being found. */
const read = configuration
  .pick({
    name: true,
    groupRef: true,
    host: true,
    adminPort: true,
    peerHost: true,
    allowedHosts: true,
    operational: true,
    discovery: true,
  })
  .strip();

/**
 * Validates what `mcp-fleet discover` reads of a document, and returns it.
 *
 * @param document the content of a file and an environment, not validated yet.
 * @param before faults that were found while reading it.
 * @throws {ConfigError} with every fault at once.
 */
export function validateClusterDiscovery(
  document: Section,
  before: readonly Fault[] = [],
): ClusterDiscoverySettings {
  const filled = withoutNulls(document);
  if (!isSection(filled)) throw new ConfigError(before);
  const parsed = read.safeParse(filled);
  const issues = parsed.error?.issues ?? [];
  const faults = [
    ...before,
    ...issues.flatMap((issue) => faultsOf(issue, filled, knownKeys)),
    ...nothingToFind(filled),
  ];
  if (faults.length > 0 || !parsed.success) throw new ConfigError(faults);
  return settingsOf(parsed.data, filled);
}

function settingsOf(parsed: z.output<typeof read>, document: Section): ClusterDiscoverySettings {
  const { name, groupRef, host, adminPort, peerHost, allowedHosts, operational } = parsed;
  const { namespaces, services, configMap, clusterDomain, maxBackends } = parsed.discovery;
  const listed = valueAt(document, ["backends"]);
  return {
    name,
    host,
    adminPort,
    ...(peerHost !== undefined && { peerHost }),
    ...(allowedHosts && { allowedHosts }),
    logLevel: operational.logLevel,
    ...(groupRef !== undefined && isGroupRead(document) && { groupRef }),
    ...(namespaces && { namespaces }),
    ...(services && { services }),
    configMap: configMap ?? `${name}-backends`,
    clusterDomain,
    maxBackends: Math.max(0, maxBackends - (Array.isArray(listed) ? listed.length : 0)),
  };
}

/** As in ToolHive: the members of the group are backends where none are listed, or where the source says so. */
function isGroupRead(document: Section): boolean {
  const backends = valueAt(document, ["backends"]);
  const isListed = Array.isArray(backends) && backends.length > 0;
  return !isListed || valueAt(document, ["outgoingAuth", "source"]) === "discovered";
}

function nothingToFind(document: Section): Fault[] {
  const hasGroup = valueAt(document, ["groupRef"]) !== undefined;
  if (valueAt(document, ["discovery", "services"]) !== undefined) return [];
  if (hasGroup && isGroupRead(document)) return [];
  const path = hasGroup ? ["outgoingAuth", "source"] : ["groupRef"];
  const rule = hasGroup
    ? "must be discovered where backends are listed, for the members of groupRef to be found too"
    : "is required, unless discovery.services is set";
  const fix = hasGroup
    ? "set it to discovered, or set discovery.services"
    : "name the MCPGroup, or set discovery.services.labelSelector";
  return [fault(path, valueAt(document, path), rule, fix)];
}
