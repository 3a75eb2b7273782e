import { edited } from "../examples/edit.ts";
import { gatewayStack } from "../examples/gateway.ts";
import { policy } from "../policy.ts";
import type { Fields } from "../stack/fields.ts";
import type { Fleet } from "../stack/fleet.ts";
import type { Workload } from "../stack/workload.ts";

export const rolloutStrategy = policy({
  name: "rollout-strategy",
  level: "mandatory",
  rule: "Updates reach the pods of a workload by themselves and one after the other, and no autoscaler takes all of them away.",
  prevents:
    "An update stops every gateway at once, or never reaches the pods; or KEDA scales to zero at night, and the first client of the day waits or loses its session",
  source:
    "Kubernetes: Recreate stops all pods before it starts the first new one, OnDelete waits for somebody to delete them; KEDA's minReplicaCount is 0 by default",
  remediation:
    "Use RollingUpdate, which is the default, with a maxUnavailable below the number of pods; and set the minimum of the autoscaler.",
  examples: {
    passes: gatewayStack(),
    fails: edited(gatewayStack(), "Deployment eng-gateway", {
      "spec.strategy": { type: "Recreate" },
    }),
    says: "spec.strategy.type is Recreate, which stops all pods at once",
  },
  subjects: ({ workloads }) => workloads,
  *judge(workload, fleet) {
    if (workload.acceptsRisk) return;
    yield* updateFaults(workload, fleet);
    for (const { title, min, minName } of fleet.autoscalersOf(workload)) {
      if (min > 0) continue;
      yield `${title} may take away all pods, with their sessions; set ${minName} to 1 or more`;
    }
  },
});

function* updateFaults(workload: Workload, fleet: Fleet): Iterable<string> {
  const { facts, resource } = workload;
  const { fields, kind } = resource;
  if (kind === "StatefulSet") {
    if (fields.at("spec.updateStrategy.type").text() !== "OnDelete") return;
    yield "spec.updateStrategy.type is OnDelete, so that updates wait until somebody deletes the pods; set RollingUpdate";
    return;
  }
  if (fields.at("spec.strategy.type").text() === "Recreate") {
    // One with its sessions in memory loses them either way, and of two at a time each would have its own.
    if (facts.has("store") && facts.text("store") === "memory") return;
    yield "spec.strategy.type is Recreate, which stops all pods at once; set RollingUpdate";
    return;
  }
  const pods = fleet.minReplicasOf(workload);
  const field = fields.at("spec.strategy.rollingUpdate.maxUnavailable");
  const gone = unavailable(field, pods);
  if (pods > 0 && gone >= pods) {
    yield `${field.path} is ${field.text() ?? field.number()}, which may stop all ${pods} pods at once; set less`;
  }
}

/** Kubernetes rounds a percentage down; 25 % by default. */
function unavailable(field: Fields, pods: number): number {
  const percent = Number.parseFloat(field.text() ?? "25");
  return field.number() ?? Math.floor((pods * percent) / 100);
}
