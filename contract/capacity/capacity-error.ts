import { type Path, printPath } from "../document.ts";
import { type Fault, FaultsError } from "../faults.ts";

/** A load that cannot be planned, with every fault at once. */
export class CapacityError extends FaultsError {
  override readonly name = "CapacityError";

  constructor(faults: readonly Fault[]) {
    const count = faults.length === 1 ? "1 fault" : `${faults.length} faults`;
    super(`This load cannot be planned: ${count}.`, faults);
  }

  override map(change: (fault: Fault) => Fault): CapacityError {
    return new CapacityError(this.faults.map(change));
  }
}

/** A fault of an input: `["sessions"]`, `["servers", "github", "replicas"]`. */
export function planFault(steps: Path, value: unknown, rule: string, fix: string): Fault {
  return { path: printPath(steps), steps, value: String(value), rule, fix };
}
