import { isIP } from "node:net";
import * as z from "zod";
import { bytes, DURATION, formatBytes, formatSeconds, SIZE, seconds } from "../units.ts";
import { isCidr, MAX_PORT } from "./network.ts";

/** The range of a number, both ends included. */
interface Range {
  readonly min: number;
  readonly max: number;
}

/** Node's timers wait at most 2^31 - 1 ms (24.8 days), so no duration may be longer. */
const DURATIONS: Range = { min: seconds("1ms"), max: seconds("24d") };
/** V8 strings end near 512 MiB, so no body and no size may be larger. */
const SIZES: Range = { min: 1, max: bytes("512Mi") };

type Report = { issues: { push(issue: z.core.$ZodRawIssue): unknown } };

/** Reports a fault with the field's own rule and fix, instead of those of the schema library. */
function refuse(report: Report, input: unknown, rule: string, fix: string): never {
  report.issues.push({ code: "custom", input, message: rule, params: { fix } });
  return z.NEVER;
}

function readSeconds(text: string, report: Report, { min, max } = DURATIONS): number {
  if (!DURATION.test(text)) {
    const fix = /^\d+$/.test(text) ? `add a unit: ${text}s` : "write it as 30s, 500ms or 1h30m";
    return refuse(report, text, "must be a duration such as 30s", fix);
  }
  const value = seconds(text);
  if (value >= min && value <= max) return value;
  const [from, to] = [formatSeconds(min), formatSeconds(max)];
  const fix = value < min ? `set it to ${from} or more` : `set it to ${to} or less`;
  return refuse(report, text, `must be a duration from ${from} to ${to}`, fix);
}

/** A duration such as `30s`, read as seconds. */
export function duration(description: string, range = DURATIONS) {
  return z
    .string({ error: "must be a duration such as 30s" })
    .transform((text, report) => readSeconds(text, report, range))
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
export function size(description: string, { min, max } = SIZES) {
  return z
    .union([z.number(), z.string()], { error: "must be a size such as 8Mi" })
    .transform((input, report) => {
      const fix = "write it as 8Mi, 512Ki or a plain number of bytes";
      if (typeof input === "string" && !SIZE.test(input)) {
        return refuse(report, input, "must be a size such as 8Mi", fix);
      }
      const value = typeof input === "string" ? bytes(input) : input;
      if (Number.isInteger(value) && value >= min && value <= max) return value;
      const rule = `must be a size from ${formatBytes(min)} to ${formatBytes(max)}`;
      return refuse(report, input, rule, fix);
    })
    .meta({ title: "size", description });
}

/** A whole number between two bounds, both included. */
export function count(description: string, min: number, max: number) {
  return z.int().min(min).max(max).describe(description);
}

/** A number between two bounds, both included, with or without a fraction. */
export function amount(description: string, { min, max }: Range) {
  return z.number({ error: "must be a number" }).min(min).max(max).describe(description);
}

/** A TCP port; 0 lets the system pick a free one. */
export function port(description: string) {
  return count(description, 0, MAX_PORT);
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

/** A regular expression, as JavaScript writes them. */
export function matchable(description: string) {
  return z
    .string()
    .min(1)
    .max(1_000)
    .superRefine((value, report) => {
      try {
        new RegExp(value, "giu");
      } catch {
        const fix = "correct it: it is read as JavaScript reads it, with the flag u";
        refuse(report, value, "must be a regular expression", fix);
      }
    })
    .describe(description);
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

/** An IP address, or a network in CIDR notation. */
export function network(description: string) {
  const rule = "must be an IP address or a network in CIDR notation";
  return z
    .string()
    .superRefine((value, report) => {
      if (isIP(value) !== 0 || isCidr(value)) return;
      refuse(report, value, rule, "write it as 10.0.0.0/8, 192.0.2.7 or fd00::/8");
    })
    .meta({ title: "network", description });
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
