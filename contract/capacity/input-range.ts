import type { Path } from "../document.ts";
import type { Fault } from "../faults.ts";
import { planFault } from "./capacity-error.ts";
import type { Input } from "./plan-inputs.ts";

/** The fault of a number that is out of its range; none where it is within. */
export function outOfRange(
  path: Path,
  { min, max, fraction }: Pick<Input, "min" | "max" | "fraction">,
  value: number,
): Fault[] {
  const isNumber = fraction ? !Number.isNaN(value) : Number.isInteger(value);
  if (isNumber && value >= min && value <= max) return [];
  const kind = fraction ? "a number" : "a whole number";
  const rule = `must be ${kind} from ${min} to ${max}`;
  const fix = value < min ? `set it to ${min} or more` : `set it to ${max} or less`;
  const given = Number.isNaN(value) ? "not set" : value;
  return [planFault(path, given, rule, isNumber ? fix : `set it to ${kind}`)];
}
