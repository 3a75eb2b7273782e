import * as z from "zod";
import { faultsOf } from "../faults.ts";
import { amount, count, duration, size } from "../settings/fields.ts";
import type { Input } from "./plan-inputs.ts";

/** An input as a configuration writes it: a duration as `10m`, a size as `2Gi`, everything else as a plain number. */
export function inputField({ unit, about, least, most, fraction }: Input): z.ZodType<number> {
  const range = { least, most };
  if (unit === "seconds") return duration(about, range);
  if (unit === "bytes") return size(about, range);
  return fraction ? amount(about, range) : count(about, least, most);
}

/**
 * An input from the text of a flag, which is written as in a configuration.
 *
 * @throws {RangeError} that says what it must be, and how it is written.
 */
export function readInput(text: string, input: Input): number {
  const isNumber = input.unit !== "seconds" && text.trim() !== "" && !Number.isNaN(Number(text));
  const document = { text: isNumber ? Number(text) : text };
  const { data, error } = z.object({ text: inputField(input) }).safeParse(document);
  if (data !== undefined) return data.text;
  const faults = error.issues.flatMap((issue) => faultsOf(issue, document, () => []));
  throw new RangeError(faults.map(({ rule, fix }) => `It must be ${rule}; ${fix}.`).join(" "));
}
