import * as z from "zod";
import { faultsOf } from "../faults.ts";
import { amount, count, duration, size } from "../settings/fields.ts";
import type { Input } from "./plan-inputs.ts";

/** The schema of an input in a configuration: a duration such as `10m`, a size such as `2Gi`, or a plain number. */
export function inputField({ unit, description, min, max, fraction }: Input): z.ZodType<number> {
  const range = { min, max };
  if (unit === "seconds") return duration(description, range);
  if (unit === "bytes") return size(description, range);
  return fraction ? amount(description, range) : count(description, min, max);
}

/**
 * Parses an input from the text of a flag, which is written as in a configuration.
 *
 * @throws {RangeError} whose message is the rule and the fix.
 */
export function readInput(text: string, input: Input): number {
  const isNumber = input.unit !== "seconds" && text.trim() !== "" && !Number.isNaN(Number(text));
  const document = { text: isNumber ? Number(text) : text };
  const { data, error } = z.object({ text: inputField(input) }).safeParse(document);
  if (data !== undefined) return data.text;
  const faults = error.issues.flatMap((issue) => faultsOf(issue, document, () => []));
  throw new RangeError(faults.map(({ rule, fix }) => `It ${rule}; ${fix}.`).join(" "));
}
