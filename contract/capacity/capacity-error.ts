import { type Fault, FaultsError } from "../faults.ts";

/** A load that cannot be planned, with every fault at once. */
export class CapacityError extends FaultsError {
  override readonly name = "CapacityError";

  constructor(faults: readonly Fault[]) {
    const count = faults.length === 1 ? "1 fault" : `${faults.length} faults`;
    super(`This load cannot be planned: ${count}.`, faults);
  }
}

/** A fault of the input at a path such as `servers.github.replicas`. */
export function planFault(path: string, value: unknown, rule: string, fix: string): Fault {
  return { path, steps: path.split("."), value: String(value), rule, fix };
}
