import type { Path } from "@mcp-fleet/contract";
import type { Gate } from "./import-error.ts";

/**
 * What became of a field: taken over as it is, taken over with a difference, not taken over, without use (nothing that
 * was given refers to it), or kept (it is not ToolHive's, and stays as it is).
 */
export type Outcome = "taken" | "different" | "left" | "unused" | "kept";

/** What users look for when something is not taken over. */
export const TOPICS = [
  "identity",
  "authorization",
  "credentials",
  "discovery",
  "aggregation",
  "resilience",
  "telemetry",
  "audit",
  "workflows",
  "optimizer",
  "code mode",
  "webhooks",
  "registries",
  "stdio",
  "rate limits",
  "pods",
  "placeholders",
  "other",
] as const;

export type Topic = (typeof TOPICS)[number];

/** What became of a value of a resource, and of all values below it. */
export interface Finding {
  /** The resource: `MCPServer tools/github`. */
  readonly resource: string;
  readonly path: Path;
  readonly outcome: Outcome;
  /** `FILE:LINE:COLUMN`. */
  readonly origin: string;
  readonly topic?: Topic;
  /** What is different, or why it is not taken over. */
  readonly why?: string;
  readonly fix?: string;
  /** What would be open without it, and must be accepted by this name. */
  readonly gate?: Gate;
}
