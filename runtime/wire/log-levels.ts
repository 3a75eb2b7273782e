/** The levels of MCP's logging, from the least to the most urgent. */
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

/** Whether a client that asked for messages from `minLevel` on gets one of this level. Default: it gets all. */
export function isLogged(level: string, minLevel = "debug"): boolean {
  return LOG_LEVELS.indexOf(level) >= LOG_LEVELS.indexOf(minLevel);
}
