import type { Path } from "../document.ts";
import type { Fault } from "../faults.ts";
import { planFault } from "./capacity-error.ts";
import type { Input } from "./plan-inputs.ts";

/** What is wrong with a number that is outside of its range. */
export function outOfRange(
  path: Path,
  { least, most, fraction }: Pick<Input, "least" | "most" | "fraction">,
  value: number,
): Fault[] {
  const isNumber = fraction ? !Number.isNaN(value) : Number.isInteger(value);
  if (isNumber && value >= least && value <= most) return [];
  const kind = fraction ? "a number" : "a whole number";
  const rule = `${kind} from ${least} to ${most}`;
  const fix = value < least ? `write ${least} or more` : `write at most ${most}`;
  const said = Number.isNaN(value) ? "nothing" : value;
  return [planFault(path, said, rule, isNumber ? fix : `write ${kind}`)];
}
