import { addressText } from "@mcp-fleet/contract/settings";
import type { Catalog } from "../../catalog/catalog.ts";
import { describeLists } from "../../catalog/list-readings.ts";
import { circuitOf, type PodReport } from "../../upstream/sessions/pod-report.ts";
import { type Condition, conditionOfPods } from "../condition.ts";
import type { BackendRow } from "../role.ts";
import type { Discovery } from "./discovery.ts";
import type { SessionCatalogs } from "./session-catalogs.ts";

/** A backend of a gateway in /status. */
export async function backendRow(
  discovery: Discovery,
  catalog: Catalog,
  catalogs: SessionCatalogs,
  podReport: PodReport,
): Promise<BackendRow> {
  const { backend, health, listErrors, listWarnings } = discovery;
  const [only] = backend.endpoints;
  const degraded = describeLists(listErrors) ?? catalogs.degradedBy(backend.name);
  const isDegraded = health.state === "up" && degraded !== undefined;
  return {
    name: backend.name,
    address: addressText(backend.settings.address),
    state: isDegraded ? "degraded" : health.state,
    health: conditionOf(discovery, catalogs),
    ...(!backend.hasPods && only !== undefined && circuitOf(backend, only.name)),
    since: new Date(health.sinceMs).toISOString(),
    error: isDegraded ? degraded : health.error,
    warning: describeLists(listWarnings),
    protocol: health.protocol,
    stateful: backend.settings.stateful,
    tools: catalog.count("tools", backend.name),
    prompts: catalog.count("prompts", backend.name),
    resources: catalog.count("resources", backend.name),
    resourceTemplates: catalog.count("resourceTemplates", backend.name),
    ...(backend.hasPods && { pods: await podReport.rows(backend) }),
  };
}

/** How a backend is, from what is known of its lists, its pods and their breakers. */
export function conditionOf(
  { backend, health, listErrors }: Discovery,
  catalogs: SessionCatalogs,
): Condition {
  if (health.isUnauthenticated) return "unauthenticated";
  if (health.state === "connecting") return "unknown";
  if (health.state === "down") return "unhealthy";
  const ofPods = conditionOfPods(backend);
  const isWhole = health.state === "up" && listErrors.size === 0;
  if (ofPods !== "healthy") return ofPods;
  return isWhole && catalogs.degradedBy(backend.name) === undefined ? "healthy" : "degraded";
}
