import { type Path, printPath } from "../document.ts";
import { type Fault, FaultsError } from "../faults.ts";

/** A load that cannot be planned for, with everything that has to change. */
export class CapacityError extends FaultsError {
  override readonly name = "CapacityError";

  constructor(faults: readonly Fault[]) {
    const title =
      faults.length === 1 ? "There is no such plan." : `No such plan: ${faults.length} faults.`;
    super(title, faults);
  }

  override map(change: (fault: Fault) => Fault): CapacityError {
    return new CapacityError(this.faults.map(change));
  }
}

/** A fault of an input: `["sessions"]`, `["servers", "github", "replicas"]`. */
export function planFault(steps: Path, value: unknown, rule: string, fix: string): Fault {
  return { path: printPath(steps), steps, value: String(value), rule, fix };
}
