import * as z from "zod";
import { bytes } from "../units.ts";
import { AUDIT_EVENT_TYPES, type AuditEventType } from "./audit-events.ts";
import { count, matchable, size, text } from "./fields.ts";

/** Which events are written, where to, and what of requests and responses is in them. */
export interface AuditSettings {
  /** Absent: the gateway's name. */
  readonly component?: string;
  /** Every type that is written. */
  readonly eventTypes: readonly AuditEventType[];
  readonly includeRequestData: boolean;
  readonly includeResponseData: boolean;
  /** Data that are longer are left out. */
  readonly maxDataBytes: number;
  /** Absent: standard output. */
  readonly logFile?: string;
  /** Absent: the file is never renamed. */
  readonly rotateBytes?: number;
  readonly rotatedFiles: number;
  readonly detectApplicationErrors: boolean;
  readonly maxDelegationDepth: number;
  /** Regular expressions. */
  readonly redact: readonly string[];
  readonly onOverload: "drop" | "refuse";
  /** What waits to be written. */
  readonly queueEvents: number;
  readonly queueBytes: number;
}

/** What of a call may be kept until its event is written, beside its data. */
const MAX_DATA_BYTES = { min: 0, max: bytes("1Mi") };
/** The default and the range of the bytes of events that wait to be written. */
export const AUDIT_QUEUE_BYTES = { default: bytes("8Mi"), min: bytes("64Ki"), max: bytes("512Mi") };
const ROTATE_BYTES = { min: bytes("64Ki"), max: bytes("512Mi") };

const eventType = z.enum(AUDIT_EVENT_TYPES);

/** ToolHive's fields, and ours on top. */
export const audit = z.strictObject({
  enabled: z
    .boolean()
    .default(false)
    .describe("Whether events are written: one JSON line for each (docs/audit.md)."),
  component: text("The component in each event. Absent: the gateway's name.").optional(),
  eventTypes: z
    .array(eventType)
    .default([])
    .describe("The types of events that are written (docs/audit.md). Empty: all."),
  excludeEventTypes: z
    .array(eventType)
    .default([])
    .describe("The types of events that are not written, even if eventTypes names them."),
  includeRequestData: z
    .boolean()
    .default(false)
    .describe("Whether events of calls have the params of the request, as data.request."),
  includeResponseData: z
    .boolean()
    .default(false)
    .describe("Whether events of calls have the response, as data.response."),
  maxDataSize: size(
    "The maximum size of a request's or response's data. Longer data are left out, and metadata.extra says how long they were.",
    MAX_DATA_BYTES,
  ).prefault("1Ki"),
  logFile: text(
    "The file that events are appended to. It is opened again within 1s when it is renamed or removed. Absent: standard output.",
  ).optional(),
  detectApplicationErrors: z
    .boolean()
    .default(true)
    .describe(
      "Whether a response with a JSON-RPC error, or a tool's isError, within its first 512 bytes has the outcome application_error. false: it counts as success.",
    ),
  maxDelegationDepth: count(
    "How many actors of a token's act claims, each acting for the next one, events name.",
    0,
    32,
  ).default(10),
  output: z
    .enum(["file", "stdout"])
    .optional()
    .describe("Where events go. Absent: to logFile if that is set, otherwise to stdout."),
  redact: z
    .array(matchable("A regular expression; upper and lower case are the same."))
    .max(100)
    .default([])
    .describe(
      "What data and targets do not show: of texts, the part that matches a pattern becomes [redacted]; of a member whose name matches, the whole value.",
    ),
  onOverload: z
    .enum(["drop", "refuse"])
    .default("drop")
    .describe(
      "What happens while events come faster than they can be written. drop: further ones are counted (audit_dropped_total) and lost. refuse: calls are answered with AUDIT_UNAVAILABLE, so that none runs without its event.",
    ),
  queueEvents: count(
    "The maximum number of events that wait to be written.",
    10,
    1_000_000,
  ).default(10_000),
  queueBytes: size(
    "The maximum total size of events that wait to be written.",
    AUDIT_QUEUE_BYTES,
  ).default(AUDIT_QUEUE_BYTES.default),
  rotateBytes: size(
    "The size from which logFile is renamed to logFile.1, logFile.1 to logFile.2, and so on. Absent: whoever rotates it renames or truncates it.",
    ROTATE_BYTES,
  ).optional(),
  rotatedFiles: count("How many renamed files are kept with rotateBytes.", 1, 1_000).default(5),
});

type Parsed = z.output<typeof audit>;

/** Undefined where no events are written. */
export function auditOf(parsed: Parsed | undefined): AuditSettings | undefined {
  if (!parsed?.enabled) return undefined;
  const { component, logFile, output, rotateBytes, eventTypes, excludeEventTypes } = parsed;
  const included = eventTypes.length === 0 ? AUDIT_EVENT_TYPES : eventTypes;
  return {
    ...(component !== undefined && { component }),
    eventTypes: included.filter((type) => !excludeEventTypes.includes(type)),
    includeRequestData: parsed.includeRequestData,
    includeResponseData: parsed.includeResponseData,
    maxDataBytes: parsed.maxDataSize,
    ...(logFile !== undefined && output !== "stdout" && { logFile }),
    ...(rotateBytes !== undefined && { rotateBytes }),
    rotatedFiles: parsed.rotatedFiles,
    detectApplicationErrors: parsed.detectApplicationErrors,
    maxDelegationDepth: parsed.maxDelegationDepth,
    redact: parsed.redact,
    onOverload: parsed.onOverload,
    queueEvents: parsed.queueEvents,
    queueBytes: parsed.queueBytes,
  };
}
