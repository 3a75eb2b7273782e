import type * as Cedar from "@cedar-policy/cedar-wasm/nodejs";
import { isSection } from "@mcp-fleet/contract";

/** Deeper than any token: what is below is left out. */
const MAX_DEPTH = 10;

/** Cedar's decimals have four digits after the point, and this many before it. */
const MAX_DECIMAL = 922_337_203_685_477;

/**
 * A claim or an argument as a Cedar value: integers are longs, other numbers decimals. Undefined for what Cedar has no
 * value for, such as null, and for keys by which its JSON would make an entity out of what somebody sends.
 */
export function cedarValue(value: unknown, depth = 0): Cedar.CedarValueJson | undefined {
  if (typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number") return cedarNumber(value);
  if (depth >= MAX_DEPTH) return undefined;
  if (Array.isArray(value)) {
    return value.flatMap((one: unknown) => cedarValue(one, depth + 1) ?? []);
  }
  return isSection(value) ? cedarRecord(Object.entries(value), depth + 1) : undefined;
}

/** A record of what has a Cedar value. */
export function cedarRecord(
  entries: Iterable<readonly [string, unknown]>,
  depth = 0,
): Record<string, Cedar.CedarValueJson> {
  const record: Record<string, Cedar.CedarValueJson> = {};
  for (const [key, one] of entries) {
    const value = key.startsWith("__") ? undefined : cedarValue(one, depth);
    if (value !== undefined) record[key] = value;
  }
  return record;
}

function cedarNumber(value: number): Cedar.CedarValueJson | undefined {
  if (Number.isSafeInteger(value)) return value;
  if (!Number.isFinite(value) || Math.abs(value) > MAX_DECIMAL) return undefined;
  return { __extn: { fn: "decimal", arg: value.toFixed(4) } };
}
