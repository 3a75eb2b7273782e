import type { Settings } from "../settings/settings.ts";

/** How many backends a process has room for: those of its configuration, or as many as may come. */
export function plannedBackends({
  backends,
  discovery,
}: Pick<Settings, "backends" | "discovery">): number {
  return Math.max(backends.length, discovery?.maxBackends ?? 0);
}
