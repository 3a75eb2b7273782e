import type { CapacityFault } from "./capacity-error.ts";
import type { Input } from "./plan-inputs.ts";

/** What is wrong with a number that is outside of its range. */
export function outOfRange(
  input: string,
  { least, most, fraction }: Pick<Input, "least" | "most" | "fraction">,
  value: number,
): CapacityFault[] {
  const isNumber = fraction ? !Number.isNaN(value) : Number.isInteger(value);
  if (isNumber && value >= least && value <= most) return [];
  const kind = fraction ? "a number" : "a whole number";
  const rule = `${kind} from ${least} to ${most}`;
  const fix = value < least ? `write ${least} or more` : `write at most ${most}`;
  const said = Number.isNaN(value) ? "nothing" : value;
  return [{ input, value: said, rule, fix: isNumber ? fix : `write ${kind}` }];
}
