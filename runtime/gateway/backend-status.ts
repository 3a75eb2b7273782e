import type { Discovery } from "../catalog/discovery.ts";

/** A backend's row in /status. The URL is there for operators; it holds no credentials. */
export function backendStatus({ backend, health, offer }: Discovery): Record<string, unknown> {
  return {
    name: backend.name,
    url: backend.settings.url,
    state: health.state,
    since: new Date(health.sinceMs).toISOString(),
    error: health.error,
    protocol: health.protocol,
    stateful: backend.settings.stateful,
    tools: offer?.lists.tools.length ?? 0,
    prompts: offer?.lists.prompts.length ?? 0,
    resources: offer?.lists.resources.length ?? 0,
    resourceTemplates: offer?.lists.resourceTemplates.length ?? 0,
  };
}
