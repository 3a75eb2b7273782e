import { bytes, seconds } from "@mcp-fleet/contract";
import type { Unit } from "@mcp-fleet/contract/capacity";

/** What a person writes for a number of this unit. */
export function kindOf(unit: Unit): "size" | "duration" | "number" {
  if (unit === "bytes") return "size";
  return unit === "seconds" ? "duration" : "number";
}

/**
 * A number, or what the configuration writes in its place: `2Gi`, `5m`.
 *
 * @throws {RangeError} where the text is neither.
 */
export function readAmount(text: string, unit: Unit): number {
  const value = Number(text);
  if (text.trim() !== "" && !Number.isNaN(value)) return value;
  if (unit === "bytes") return bytes(text);
  if (unit === "seconds") return seconds(text);
  throw new RangeError(`"${text}" is not a number`);
}

/** A number with a comma at its thousands, and at most three decimals. */
export function printCount(value: number): string {
  return value.toLocaleString("en-US");
}
