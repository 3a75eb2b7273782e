import { addressText } from "@mcp-fleet/contract/settings";
import type { Catalog } from "../../catalog/catalog.ts";
import { describeLists } from "../../catalog/list-readings.ts";
import type { PodReport } from "../../upstream/sessions/pod-report.ts";
import type { BackendRow } from "../role.ts";
import type { Discovery } from "./discovery.ts";
import type { SessionCatalogs } from "./session-catalogs.ts";

/** A backend of a gateway in /status. */
export async function backendRow(
  { backend, health, listErrors, listWarnings }: Discovery,
  catalog: Catalog,
  catalogs: SessionCatalogs,
  podReport: PodReport,
): Promise<BackendRow> {
  const degraded = describeLists(listErrors) ?? catalogs.degradedBy(backend.name);
  const isDegraded = health.state === "up" && degraded !== undefined;
  return {
    name: backend.name,
    address: addressText(backend.settings.address),
    state: isDegraded ? "degraded" : health.state,
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
