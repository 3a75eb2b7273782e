import { readFileSync, writeFileSync } from "node:fs";
import { fitNofile, type NofileFit, sessionsSetting } from "@mcp-fleet/contract/capacity";
import type { Settings } from "@mcp-fleet/contract/settings";
import type { Logger } from "pino";

/** The exit code of a process whose limit of open files is too low for its settings: EX_CONFIG of sysexits. */
export const NOFILE_EXIT_CODE = 78;

/** Where Kubernetes reads why a container ended: MCP_FLEET_TERMINATION_LOG, or this. Never made, only written. */
const TERMINATION_LOG = "/dev/termination-log";

/** The limit of open files is too low, and may not or cannot be made up for. The message is one line. */
export class NofileError extends Error {
  override readonly name = "NofileError";
}

/**
 * The settings under this process's limit of open files: undefined where that is unknown, lowered where it is too
 * low and `nofile.mode` is degrade.
 *
 * @throws {NofileError} where the limit is too low and the mode is enforce, or there is no room for one session.
 */
export function checkNofile(settings: Settings, log: Logger): NofileFit | undefined {
  const limit = openFilesLimit();
  if (limit === undefined) {
    const level = settings.nofile.mode === "enforce" ? "warn" : "info";
    log[level]("the limit of open files is unknown here: it is not checked");
    return undefined;
  }
  const fit = fitNofile(settings, limit);
  const { need, sessions, lowered } = fit;
  if (need.value <= limit) return fit;
  if (settings.nofile.mode === "enforce" || sessions === 0) {
    throw new NofileError(tooLow(settings, fit));
  }
  const what =
    lowered.length > 0
      ? "what is needed: limits are lowered, and sessions refused before it is reached"
      : "what was planned: nothing has to be lowered, and sessions are refused before it is reached";
  const nofile = { limit, need: need.value, sessions, lowered };
  log.warn({ nofile }, `the limit of open files is lower than ${what}`);
  return fit;
}

/**
 * The limit that the system holds this process to; Node raises it to the hard limit at its start. Undefined where
 * there is none, or no /proc to read it from.
 */
function openFilesLimit(): number | undefined {
  try {
    const text = readFileSync("/proc/self/limits", "utf8");
    const found = /^Max open files\s+(\d+)\s/m.exec(text)?.[1];
    return found === undefined ? undefined : Number(found);
  } catch {
    return undefined;
  }
}

/** Leaves the reason of an early end where Kubernetes shows it. Does nothing where there is no such file. */
export function writeTerminationMessage(
  message: string,
  environment: Readonly<Record<string, string | undefined>>,
): void {
  try {
    const path = environment.MCP_FLEET_TERMINATION_LOG ?? TERMINATION_LOG;
    writeFileSync(path, `${message}\n`, { flag: "r+" });
  } catch {
    // The line stands on standard error, too.
  }
}

function tooLow(settings: Settings, { limit, need, holds, sessions }: NofileFit): string {
  const { mode, required } = settings.nofile;
  const sum = need.terms.map(({ name, value }) => `${name} ${value}`).join(" + ");
  const lower =
    holds > 0
      ? `set ${sessionsSetting(settings)} to at most ${holds}`
      : "lower limits.upstreamConnections or limits.views, or serve fewer backends";
  const [what, less] =
    required === undefined
      ? [`these settings need ${need.value} open files (${sum})`, lower]
      : [`this process was planned with ${required} open files`, `plan with nofile ${limit}`];
  const fixes = [
    `raise the hard limit to ${need.value}`,
    less,
    ...(mode === "enforce" && sessions > 0 ? ["set nofile.mode: degrade"] : []),
  ];
  return `nofile: ${what} and the limit is ${limit}: ${fixes.join(", or ")}`;
}
