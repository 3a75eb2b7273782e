import type { Fleet } from "../stack/fleet.ts";
import type { Workload } from "../stack/workload.ts";

/** How many pods a workload has while all is well. */
export interface PodCounts {
  readonly fewest: number;
  readonly most: number;
}

/** What the autoscaler of the stack says, else the manifest, else the facts; 1 where nobody says, as in Kubernetes. */
export function podCounts(workload: Workload, fleet: Fleet): PodCounts {
  const [autoscaler] = fleet.autoscalersOf(workload);
  if (autoscaler !== undefined) {
    const spec = autoscaler.fields.at("spec");
    const fewest = spec.at("minReplicas").number() ?? 1;
    return { fewest, most: spec.at("maxReplicas").number() ?? fewest };
  }
  const fewest = workload.replicas ?? workload.facts.numberOr("replicas", 1);
  return { fewest, most: workload.mostReplicas };
}
