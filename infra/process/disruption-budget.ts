import * as k8s from "@pulumi/kubernetes";
import { transformed } from "../transform.ts";
import { labelsOf, logicalNameOf, nameOf, type ProcessSpec, selectorOf } from "./process-spec.ts";

/** Limits how many pods a node drain may evict at a time: the spare ones. */
export function disruptionBudget(spec: ProcessSpec): k8s.policy.v1.PodDisruptionBudget {
  const { parent, plan, transform } = spec;
  const name = nameOf(spec);
  const opts = { parent };
  const args: k8s.policy.v1.PodDisruptionBudgetArgs = {
    metadata: { name, namespace: spec.namespace, labels: labelsOf(spec) },
    spec: {
      maxUnavailable: plan.disruption.value,
      // A pod that is not ready serves nobody, so it must not block the drain of its node.
      unhealthyPodEvictionPolicy: "AlwaysAllow",
      selector: { matchLabels: selectorOf(spec) },
    },
  };
  return new k8s.policy.v1.PodDisruptionBudget(
    logicalNameOf(spec),
    transformed(transform?.disruptionBudget?.bind(transform), args, opts),
    opts,
  );
}
