import { CapacityError, type CapacityFault } from "../runtime/contract/index.ts";
import { cpuQuantity } from "./process/quantity.ts";

/** What the pods of a workload are given. */
interface PodSize {
  readonly cpuMillicores: number;
  readonly cpuLimitMillicores?: number;
  readonly graceSeconds: number;
}

/**
 * Judges what no cluster takes, whatever risk is accepted.
 *
 * @throws {CapacityError} where a limit is below its request, or the time to end below the time before SIGTERM.
 */
export function refuseImpossible(
  { cpuMillicores, cpuLimitMillicores = cpuMillicores, graceSeconds }: PodSize,
  preStopSeconds: number,
): void {
  const faults: CapacityFault[] = [];
  if (cpuLimitMillicores < cpuMillicores) {
    const request = cpuQuantity(cpuMillicores);
    faults.push({
      input: "resources.cpuLimit",
      value: cpuQuantity(cpuLimitMillicores),
      rule: `at least the request, ${request}`,
      fix: `write ${request} or more, or lower resources.cpu`,
    });
  }
  if (graceSeconds <= preStopSeconds) {
    faults.push({
      input: "terminationGracePeriodSeconds",
      value: graceSeconds,
      rule: `more than the ${preStopSeconds} s of preStop`,
      fix: `write ${preStopSeconds + 1} or more`,
    });
  }
  if (faults.length > 0) throw new CapacityError(faults);
}
