import type { LiveSession } from "../sessions/live-session.ts";

/** From the least to the most urgent. */
export const LOG_LEVELS: readonly string[] = [
  "debug",
  "info",
  "notice",
  "warning",
  "error",
  "critical",
  "alert",
  "emergency",
];

/**
 * The log message that tells a client that a backend has begun a new session for it, beside the mark in the answer
 * that it has just got. Undefined where its log level leaves warnings out.
 */
export function renewalNotice({ record }: LiveSession, backend: string): string | undefined {
  const level = "warning";
  const least = LOG_LEVELS.indexOf(record.logLevel ?? "debug");
  if (LOG_LEVELS.indexOf(level) < least) return undefined;
  const data = { backend, event: "session-renewed" };
  const params = { level, logger: "mcp-fleet", data };
  return JSON.stringify({ jsonrpc: "2.0", method: "notifications/message", params });
}
