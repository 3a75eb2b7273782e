import * as k8s from "@pulumi/kubernetes";
import { transformed } from "../transform.ts";
import { labelsOf, nameOf, type ProcessSpec, selectorOf } from "./process-spec.ts";

/** How many pods a drain of nodes may take at a time: those that the plan does without. */
export function disruptionBudget(spec: ProcessSpec): k8s.policy.v1.PodDisruptionBudget {
  const { parent, plan, transform } = spec;
  const name = nameOf(spec);
  const opts = { parent };
  const args: k8s.policy.v1.PodDisruptionBudgetArgs = {
    metadata: { name, namespace: spec.namespace, labels: labelsOf(spec) },
    spec: {
      maxUnavailable: plan.disruption.value,
      // A pod that is not ready serves nobody: it must not keep a node from being drained.
      unhealthyPodEvictionPolicy: "AlwaysAllow",
      selector: { matchLabels: selectorOf(spec) },
    },
  };
  return new k8s.policy.v1.PodDisruptionBudget(
    name,
    transformed(transform?.disruptionBudget?.bind(transform), args, opts),
    opts,
  );
}
