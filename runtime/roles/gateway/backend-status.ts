import { addressText } from "@mcp-fleet/contract/settings";
import type { Discovery } from "../../catalog/discovery.ts";
import type { PodReport } from "../../upstream/sessions/pod-report.ts";

/** A backend's row in /status. The address is there for operators; it holds no credentials. */
export async function backendStatus(
  { backend, health, offer }: Discovery,
  podReport: PodReport,
): Promise<Record<string, unknown>> {
  return {
    name: backend.name,
    address: addressText(backend.settings.address),
    state: health.state,
    since: new Date(health.sinceMs).toISOString(),
    error: health.error,
    protocol: health.protocol,
    stateful: backend.settings.stateful,
    tools: offer?.lists.tools.length ?? 0,
    prompts: offer?.lists.prompts.length ?? 0,
    resources: offer?.lists.resources.length ?? 0,
    resourceTemplates: offer?.lists.resourceTemplates.length ?? 0,
    ...(backend.hasPods && { pods: await podReport.rows(backend) }),
  };
}
