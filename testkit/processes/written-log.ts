import type { Logger } from "pino";
import { buildLog } from "../../runtime/telemetry/log.ts";

/** A line of a log. */
export interface WrittenLine {
  readonly msg: string;
  readonly level: number;
  readonly [member: string]: unknown;
}

/** The log as a process writes it, and the lines that it has written so far. */
export function writtenLog(): { readonly log: Logger; readonly lines: WrittenLine[] } {
  const lines: WrittenLine[] = [];
  const destination = { write: (text: string) => void lines.push(JSON.parse(text)) };
  return { log: buildLog("info", "gateway", destination), lines };
}
