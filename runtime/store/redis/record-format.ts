import { RECORD_FORMATS, type RecordFormat } from "@mcp-fleet/contract/settings";
import type { SessionRecord, Subscription, UpstreamRecord } from "../../sessions/session-record.ts";
import { FleetError } from "../../wire/fleet-error.ts";
import { podText } from "./redis-keys.ts";

const SUBSCRIPTION = "subscription:";
const UPSTREAM = "upstream:";

/** What never changes about a session, apart from its owner: one field, which no script looks into. */
type Core = Pick<
  SessionRecord,
  "protocol" | "clientInfo" | "capabilities" | "view" | "createdAtMs"
> & {
  /** In format 1, which has no field of its own for it. */
  readonly version?: number;
  /** From format 2 on. */
  readonly era?: string;
};

/**
 * The fields of a record's hash, each name followed by its value. `expiresAtMs` is not among them: the script
 * that writes the rest writes it too.
 */
export function encodeRecord(record: SessionRecord, format: RecordFormat): string[] {
  const { owner, lifetimeEndsAtMs, unusedFrom, logLevel, subscriptions, upstreams } = record;
  const fields = ["owner", owner, ...coreFields(record, format)];
  if (lifetimeEndsAtMs !== undefined) fields.push("lifetimeEndsAtMs", String(lifetimeEndsAtMs));
  if (unusedFrom !== undefined) fields.push("unusedFrom", unusedFrom);
  if (logLevel !== undefined) fields.push("logLevel", logLevel);
  for (const [index, subscription] of subscriptions.entries()) {
    fields.push(subscriptionField(subscription), String(index + 1));
  }
  if (subscriptions.length > 0) fields.push("subscribed", String(subscriptions.length));
  const pins: [field: string, pod: string][] = [];
  for (const [backend, upstream] of Object.entries(upstreams)) {
    const field = upstreamField(backend);
    fields.push(field, JSON.stringify(upstream));
    const { pod, lost } = upstream;
    if (pod !== undefined && lost === undefined) pins.push([field, podText(backend, pod)]);
  }
  if (pins.length > 0) fields.push("pins", JSON.stringify(Object.fromEntries(pins)));
  return fields;
}

function coreFields(
  { protocol, clientInfo, capabilities, view, createdAtMs }: SessionRecord,
  format: RecordFormat,
): string[] {
  const core: Core = { protocol, clientInfo, capabilities, view, createdAtMs };
  if (format === 1) return ["core", JSON.stringify({ version: 1, ...core })];
  return ["format", String(format), "core", JSON.stringify({ ...core, era: "session" })];
}

/** The field of a subscription; its value is its place among the others. */
export function subscriptionField({ backend, uri }: Subscription): string {
  return `${SUBSCRIPTION}${JSON.stringify([backend, uri])}`;
}

/** The field of a backend session; its value is the session as JSON. */
export function upstreamField(backend: string): string {
  return `${UPSTREAM}${backend}`;
}

/**
 * The record that a hash holds.
 *
 * @throws STORE_UNAVAILABLE for a format of a later release, which others can read.
 */
export function decodeRecord(key: string, fields: readonly string[]): SessionRecord {
  const values = new Map<string, string>();
  const subscriptions: { readonly place: number; readonly of: Subscription }[] = [];
  const upstreams: [backend: string, upstream: UpstreamRecord][] = [];
  for (let index = 0; index < fields.length; index += 2) {
    const name = fields[index] ?? "";
    const value = fields[index + 1] ?? "";
    if (name.startsWith(SUBSCRIPTION)) {
      const [backend, uri]: [string, string] = JSON.parse(name.slice(SUBSCRIPTION.length));
      subscriptions.push({ place: Number(value), of: { backend, uri } });
    } else if (name.startsWith(UPSTREAM)) {
      upstreams.push([name.slice(UPSTREAM.length), JSON.parse(value)]);
    } else {
      values.set(name, value);
    }
  }
  const { version, era: _, ...core }: Core = JSON.parse(values.get("core") ?? "{}");
  refuseUnknown(values.get("format") ?? version);
  const lifetimeEndsAtMs = values.get("lifetimeEndsAtMs");
  const unusedFrom = values.get("unusedFrom");
  const logLevel = values.get("logLevel");
  return {
    key,
    owner: values.get("owner") ?? "",
    ...core,
    expiresAtMs: Number(values.get("expiresAtMs")),
    ...(lifetimeEndsAtMs === undefined ? {} : { lifetimeEndsAtMs: Number(lifetimeEndsAtMs) }),
    ...(unusedFrom === undefined ? {} : { unusedFrom }),
    ...(logLevel === undefined ? {} : { logLevel }),
    subscriptions: subscriptions.sort((a, b) => a.place - b.place).map((one) => one.of),
    upstreams: Object.fromEntries(upstreams),
  };
}

function refuseUnknown(format: string | number | undefined): void {
  if (RECORD_FORMATS.some((known) => String(known) === String(format))) return;
  throw new FleetError("STORE_UNAVAILABLE", {
    message: "the session was written by a later release",
    cause: new Error(`a record of format ${format}`),
  });
}
