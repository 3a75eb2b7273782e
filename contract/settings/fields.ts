import * as z from "zod";
import { bytes, DURATION, formatBytes, formatSeconds, SIZE, seconds } from "../units.ts";

/** What a number may be, both ends included. */
interface Range {
  readonly least: number;
  readonly most: number;
}

/** Node's timers count at most 2^31 - 1 ms (24.8 days); no duration is longer than what they can wait. */
const DURATIONS: Range = { least: seconds("1ms"), most: seconds("24d") };
/** One buffer or string of V8 ends near 512Mi; no size is larger than what a body could be. */
const SIZES: Range = { least: 1, most: bytes("512Mi") };

type Report = { issues: { push(issue: z.core.$ZodRawIssue): unknown } };

/** Records a fault whose rule and fix the field knows better than the schema library. */
function refuse(report: Report, input: unknown, rule: string, fix: string): never {
  report.issues.push({ code: "custom", input, message: rule, params: { fix } });
  return z.NEVER;
}

function readSeconds(text: string, report: Report, { least, most } = DURATIONS): number {
  if (!DURATION.test(text)) {
    const fix = /^\d+$/.test(text) ? `add its unit: ${text}s` : "write it as 30s, 500ms or 1h30m";
    return refuse(report, text, "a duration", fix);
  }
  const value = seconds(text);
  if (value >= least && value <= most) return value;
  const ends = [formatSeconds(least), formatSeconds(most)];
  const fix = value < least ? `write at least ${ends[0]}` : `write at most ${ends[1]}`;
  return refuse(report, text, `a duration from ${ends.join(" to ")}`, fix);
}

/** A duration as `30s`, read as seconds. */
export function duration(description: string, range = DURATIONS) {
  return z
    .string({ error: "a duration such as 30s" })
    .transform((text, report) => readSeconds(text, report, range))
    .meta({ title: "duration", description, pattern: DURATION.source });
}

/** A duration, or `none` for no limit, which reads as undefined. */
export function durationOrNone(description: string) {
  return z
    .string({ error: "a duration such as 8h, or none" })
    .transform((text, report) => (text === "none" ? undefined : readSeconds(text, report)))
    .meta({ title: "duration or none", description });
}

/** A size as `8Mi`, or a plain number of bytes; read as bytes. */
export function size(description: string, { least, most } = SIZES) {
  return z
    .union([z.number(), z.string()], { error: "a size such as 8Mi" })
    .transform((input, report) => {
      const fix = "write it as 8Mi, 512Ki or a plain number of bytes";
      if (typeof input === "string" && !SIZE.test(input)) {
        return refuse(report, input, "a size", fix);
      }
      const value = typeof input === "string" ? bytes(input) : input;
      if (Number.isInteger(value) && value >= least && value <= most) return value;
      const ends = `${formatBytes(least)} to ${formatBytes(most)}`;
      return refuse(report, input, `a size from ${ends}`, fix);
    })
    .meta({ title: "size", description });
}

/** A whole number between two bounds, both included. */
export function count(description: string, least: number, most: number) {
  return z.int().min(least).max(most).describe(description);
}

/** A number between two bounds, both included, with a fraction or without. */
export function amount(description: string, { least, most }: Range) {
  return z.number({ error: "a number" }).min(least).max(most).describe(description);
}

/** A TCP port; 0 lets the system choose a free one. */
export function port(description: string) {
  return count(description, 0, 65_535);
}

/** Text that is not empty. */
export function text(description: string) {
  return z.string().min(1).describe(description);
}

/** Text that has to match a pattern; the rule says in words what the pattern means. */
export function matching(description: string, pattern: RegExp, rule: string, fix: string) {
  return z
    .string()
    .superRefine((value, report) => {
      if (!pattern.test(value)) refuse(report, value, rule, fix);
    })
    .meta({ description, pattern: pattern.source });
}

/** The http or https address of a backend. */
export function url(description: string) {
  const rule = "an http or https URL without user name, password and fragment";
  return z
    .string()
    .superRefine((value, report) => {
      const parsed = URL.canParse(value) ? new URL(value) : undefined;
      const isHttp = parsed?.protocol === "http:" || parsed?.protocol === "https:";
      if (isHttp && !parsed.username && !parsed.password && !parsed.hash) return;
      const fix = isHttp
        ? "remove what stands before @ or after #"
        : "write it as http://host:port/mcp";
      refuse(report, value, rule, fix);
    })
    .meta({ title: "URL", description });
}

/** A map of the user's own keys to text. */
export function labels(description: string) {
  return z.record(z.string(), z.string()).describe(description);
}

/** A field of ToolHive that is known and not built: what it may hold is judged by the refusals. */
export function refused(description: string) {
  return z.unknown().describe(`Refused: ${description}`);
}

/** A field of ToolHive that says nothing beside what is built: it belongs to a choice that is refused. */
export function idle(choice: string) {
  return z.unknown().describe(`No effect: belongs to ${choice}, which is refused.`);
}
