import type { Settings } from "@mcp-fleet/contract/settings";
import type { Metrics } from "../telemetry/metrics.ts";

/** What metrics are measured against, beside each other in a dashboard. */
export function showLimits({ session, limits, nofile, telemetry }: Settings, { limit }: Metrics) {
  const shown = {
    "session.maxSessions": session.maxSessions,
    "session.cacheEntries": session.cacheEntries,
    "session.maxPerPrincipal": session.maxPerPrincipal,
    "limits.heldBytes": limits.heldBytes,
    "limits.heldBodyBytes": limits.heldBodyBytes,
    "limits.sessionCatalogBytes": limits.sessionCatalogBytes,
    "limits.credentialBytes": limits.credentialBytes,
    "limits.upstreamConnections": limits.upstreamConnections,
    "limits.callsPerSession": limits.callsPerSession,
    "limits.callsPerPrincipal": limits.callsPerPrincipal,
    "limits.queuedCalls": limits.queuedCalls,
    "nofile.required": nofile.required,
    "telemetry.queuedSpans": telemetry?.tracing?.queuedSpans,
  };
  for (const [setting, value] of Object.entries(shown)) {
    if (value !== undefined) limit.set({ setting }, value);
  }
}
