import * as z from "zod";
import { bytes, DURATION, formatBytes, formatSeconds, SIZE, seconds } from "../units.ts";

/** Node's timers wait at most 2^31 - 1 ms (24.8 days), so no duration may be longer. */
const MAX_SECONDS = seconds("24d");
/** V8 strings end near 512 MiB, so no body and no size may be larger. */
const MAX_BYTES = bytes("512Mi");

type Report = { issues: { push(issue: z.core.$ZodRawIssue): unknown } };

/** Reports a fault with the field's own rule and fix, instead of those of the schema library. */
function refuse(report: Report, input: unknown, rule: string, fix: string): never {
  report.issues.push({ code: "custom", input, message: rule, params: { fix } });
  return z.NEVER;
}

function readSeconds(text: string, report: Report): number {
  if (!DURATION.test(text)) {
    const fix = /^\d+$/.test(text) ? `add a unit: ${text}s` : "write it as 30s, 500ms or 1h30m";
    return refuse(report, text, "must be a duration such as 30s", fix);
  }
  const value = seconds(text);
  if (value > 0 && value <= MAX_SECONDS) return value;
  const max = formatSeconds(MAX_SECONDS);
  const fix = value > 0 ? `set it to ${max} or less` : "set it to 1ms or more";
  return refuse(report, text, `must be longer than 0s and at most ${max}`, fix);
}

/** A duration such as `30s`, read as seconds. */
export function duration(description: string) {
  return z
    .string({ error: "must be a duration such as 30s" })
    .transform(readSeconds)
    .meta({ title: "duration", description, pattern: DURATION.source });
}

/** A duration, or `none` for no limit, which reads as undefined. */
export function durationOrNone(description: string) {
  return z
    .string({ error: "must be a duration such as 8h, or none" })
    .transform((text, report) => (text === "none" ? undefined : readSeconds(text, report)))
    .meta({ title: "duration or none", description });
}

/** A size such as `8Mi`, or a plain number of bytes; read as bytes. */
export function size(description: string) {
  return z
    .union([z.number(), z.string()], { error: "must be a size such as 8Mi" })
    .transform((input, report) => {
      const fix = "write it as 8Mi, 512Ki or a plain number of bytes";
      if (typeof input === "string" && !SIZE.test(input)) {
        return refuse(report, input, "must be a size such as 8Mi", fix);
      }
      const value = typeof input === "string" ? bytes(input) : input;
      if (Number.isInteger(value) && value > 0 && value <= MAX_BYTES) return value;
      return refuse(report, input, `must be from 1B to ${formatBytes(MAX_BYTES)}`, fix);
    })
    .meta({ title: "size", description });
}

/** A whole number between two bounds, both included. */
export function count(description: string, min: number, max: number) {
  return z.int().min(min).max(max).describe(description);
}

/** A TCP port; 0 lets the system pick a free one. */
export function port(description: string) {
  return count(description, 0, 65_535);
}

/** A string that is not empty. */
export function text(description: string) {
  return z.string().min(1).describe(description);
}

/** A string that matches a pattern; the rule describes the pattern in words. */
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
  const rule = "must be an http or https URL without a user name, password or fragment";
  return z
    .string()
    .superRefine((value, report) => {
      const parsed = URL.canParse(value) ? new URL(value) : undefined;
      const isHttp = parsed?.protocol === "http:" || parsed?.protocol === "https:";
      if (isHttp && !parsed.username && !parsed.password && !parsed.hash) return;
      const fix = isHttp
        ? "remove the part before @ or after #"
        : "write it as http://host:port/mcp";
      refuse(report, value, rule, fix);
    })
    .meta({ title: "URL", description });
}

/** A map of strings with keys of the user's choice. */
export function labels(description: string) {
  return z.record(z.string(), z.string()).describe(description);
}

/** A field of ToolHive that is not supported; the refusals decide which of its values are allowed. */
export function unsupported(description: string) {
  return z.unknown().describe(`Not supported: ${description}`);
}

/** A field of ToolHive that only matters with a choice that is not supported. */
export function noEffect(choice: string) {
  return z.unknown().describe(`No effect: belongs to ${choice}, which is not supported.`);
}
