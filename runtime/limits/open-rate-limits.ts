import type { Settings } from "@mcp-fleet/contract/settings";
import type { RateLimits, RateLimitsParts } from "./rate-limits.ts";

/** What `rateLimiting` limits; undefined where it limits nothing: then nothing of it is loaded. */
export async function openRateLimits({
  settings: { rateLimits: settings },
  ...parts
}: Omit<RateLimitsParts, "settings"> & { readonly settings: Settings }): Promise<
  RateLimits | undefined
> {
  if (settings === undefined) return undefined;
  const { RateLimits: Opened } = await import("./rate-limits.ts");
  return new Opened({ ...parts, settings });
}
