import { brief, MESSAGE_CHARACTERS } from "@mcp-fleet/contract";
import type { Settings } from "@mcp-fleet/contract/settings";
import { type DestinationStream, type Logger, pino } from "pino";
import { activeTrace } from "./active-trace.ts";
import { LogLimit } from "./log-limit.ts";

/** Of many lines, the message before them. */
const STACK_CHARACTERS = 4_000;

/** What tells equal lines apart, beside their text: none of it is chosen by clients or servers. */
const KIND_MEMBERS = ["code", "backend", "list", "setting", "what"];

/**
 * One JSON line per event on standard error, so that standard output stays free for what a command prints.
 * Session ids and credentials never get here: sessions are named by `sid`, a digest's first characters.
 */
export function buildLog(
  level: Settings["logLevel"],
  role: string,
  destination: DestinationStream = pino.destination({ dest: 2, sync: false }),
): Logger {
  const limit = new LogLimit();
  return pino(
    {
      level,
      base: { role, pid: process.pid },
      serializers: { error: describeError },
      formatters: { log: shortened },
      // An object of its own for each line: pino adds the line's members to it.
      mixin: () => ({ ...activeTrace()?.ids }),
      redact: ["headers.authorization", 'headers["mcp-session-id"]', "headers.cookie"],
      hooks: {
        logMethod(args, method) {
          const write = (...words: Parameters<typeof method>) => method.apply(this, words);
          const [about, text] = args;
          const what = typeof about === "string" ? about : text;
          const kind = typeof about === "object" && about !== null ? kindOf(about) : {};
          const tell = (leftOut: number) =>
            write({ ...kind, leftOut }, `equal lines were left out: ${what}`);
          if (limit.allows(JSON.stringify([what, kind]), tell)) write(...args);
        },
      },
    },
    destination,
  );
}

/** What of a line's members tells its kind. */
function kindOf(about: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(about).filter(
      ([name, value]) => KIND_MEMBERS.includes(name) && typeof value === "string",
    ),
  );
}

/** A line whose texts are cut, whoever has chosen them. */
function shortened(line: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(line).map(([name, value]) => [
      name,
      typeof value === "string" ? brief(value) : value,
    ]),
  );
}

/** The stack only where it helps: a fault of ours. */
function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return brief(String(error), MESSAGE_CHARACTERS);
  const { message, name, stack, cause } = error;
  const code = "code" in error ? error.code : undefined;
  const known = typeof code === "string" && code !== "INTERNAL";
  return {
    name,
    ...(code === undefined ? {} : { code }),
    message: brief(message, MESSAGE_CHARACTERS),
    ...(known ? {} : { stack: stack?.slice(0, STACK_CHARACTERS) }),
    ...(cause === undefined ? {} : { cause: describeError(cause) }),
  };
}
