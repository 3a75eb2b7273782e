import type { Fault } from "@mcp-fleet/contract";
import { CapacityError, planFault } from "@mcp-fleet/contract/capacity";
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
  const faults: Fault[] = [];
  if (cpuLimitMillicores < cpuMillicores) {
    const request = cpuQuantity(cpuMillicores);
    const rule = `at least the request, ${request}`;
    const fix = `write ${request} or more, or lower resources.cpu`;
    faults.push(planFault(["resources", "cpuLimit"], cpuQuantity(cpuLimitMillicores), rule, fix));
  }
  if (graceSeconds <= preStopSeconds) {
    const rule = `more than the ${preStopSeconds} s of preStop`;
    const fix = `write ${preStopSeconds + 1} or more`;
    faults.push(planFault(["terminationGracePeriodSeconds"], graceSeconds, rule, fix));
  }
  if (faults.length > 0) throw new CapacityError(faults);
}
