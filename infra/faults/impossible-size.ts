import type { Fault } from "@mcp-fleet/contract";
import { CapacityError, planFault } from "@mcp-fleet/contract/capacity";
import { cpuQuantity } from "../process/quantity.ts";

/** The resources and grace period of a workload's pods. */
interface PodSize {
  readonly cpuMillicores: number;
  readonly cpuLimitMillicores?: number;
  readonly graceSeconds: number;
}

/**
 * Refuses sizes that no cluster accepts, whatever `acceptRisks` says.
 *
 * @throws {CapacityError} if a CPU limit is below its request, or the grace period ends before SIGTERM is sent.
 */
export function refuseImpossible(
  { cpuMillicores, cpuLimitMillicores = cpuMillicores, graceSeconds }: PodSize,
  preStopSeconds: number,
): void {
  const faults: Fault[] = [];
  if (cpuLimitMillicores < cpuMillicores) {
    const request = cpuQuantity(cpuMillicores);
    const rule = `must be at least the request, which is ${request}`;
    const fix = `set it to ${request} or more, or lower resources.cpu`;
    faults.push(planFault(["resources", "cpuLimit"], cpuQuantity(cpuLimitMillicores), rule, fix));
  }
  if (graceSeconds <= preStopSeconds) {
    const rule = `must be more than the ${preStopSeconds} s of preStop`;
    const fix = `set it to ${preStopSeconds + 1} or more`;
    faults.push(planFault(["terminationGracePeriodSeconds"], graceSeconds, rule, fix));
  }
  if (faults.length > 0) throw new CapacityError(faults);
}
