import { addressText } from "@mcp-fleet/contract/settings";
import { describeErrors } from "../../catalog/list-readings.ts";
import type { PodReport } from "../../upstream/sessions/pod-report.ts";
import type { BackendRow } from "../role.ts";
import type { Discovery } from "./discovery.ts";
import type { SessionCatalogs } from "./session-catalogs.ts";

/** A backend of a gateway in /status. */
export async function backendRow(
  { backend, health, listing, listErrors }: Discovery,
  catalogs: SessionCatalogs,
  podReport: PodReport,
): Promise<BackendRow> {
  const degraded = describeErrors(listErrors) ?? catalogs.degradedBy(backend.name);
  const isDegraded = health.state === "up" && degraded !== undefined;
  return {
    name: backend.name,
    address: addressText(backend.settings.address),
    state: isDegraded ? "degraded" : health.state,
    since: new Date(health.sinceMs).toISOString(),
    error: isDegraded ? degraded : health.error,
    protocol: health.protocol,
    stateful: backend.settings.stateful,
    tools: listing?.lists.tools.length ?? 0,
    prompts: listing?.lists.prompts.length ?? 0,
    resources: listing?.lists.resources.length ?? 0,
    resourceTemplates: listing?.lists.resourceTemplates.length ?? 0,
    ...(backend.hasPods && { pods: await podReport.rows(backend) }),
  };
}
