import type { Settings } from "@mcp-fleet/contract/settings";
import { type Logger, pino } from "pino";

/**
 * One JSON line per event on standard error, so that standard output stays free for what a command prints.
 * Session ids and credentials never get here: sessions are named by `sid`, a digest's first characters.
 */
export function buildLog(level: Settings["logLevel"], role: string): Logger {
  return pino(
    {
      level,
      base: { role, pid: process.pid },
      serializers: { error: describeError },
      redact: ["headers.authorization", 'headers["mcp-session-id"]', "headers.cookie"],
    },
    pino.destination({ dest: 2, sync: false }),
  );
}

/** The stack only where it helps: a fault of ours. */
function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return String(error);
  const { message, name, stack, cause } = error;
  const code = "code" in error ? error.code : undefined;
  const known = typeof code === "string" && code !== "INTERNAL";
  return {
    name,
    ...(code === undefined ? {} : { code }),
    message,
    ...(known ? {} : { stack }),
    ...(cause === undefined ? {} : { cause: describeError(cause) }),
  };
}
