import type { Fleet } from "../stack/fleet.ts";
import type { Workload } from "../stack/workload.ts";

/** The minimum and maximum number of a workload's pods in normal operation. */
export interface PodCounts {
  readonly min: number;
  readonly max: number;
}

/** From the autoscaler of the stack, else the manifest, else the facts; 1 by default, as in Kubernetes. */
export function podCounts(workload: Workload, fleet: Fleet): PodCounts {
  const [autoscaler] = fleet.autoscalersOf(workload);
  if (autoscaler !== undefined) return { min: autoscaler.min, max: autoscaler.max };
  const min = workload.replicas ?? workload.declaredReplicas;
  return { min, max: workload.maxReplicas };
}
