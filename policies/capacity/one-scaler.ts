import { autoscaledStack } from "../examples/autoscaled.ts";
import { edited } from "../examples/edit.ts";
import { policy } from "../policy.ts";

export const oneScaler = policy({
  name: "one-scaler",
  level: "mandatory",
  // Checked before the update: in the state of a deployed workload, replicas is the number in the cluster.
  isLocal: true,
  rule: "A workload with an autoscaler leaves replicas to it.",
  prevents:
    "Every update of the stack removes the pods that the autoscaler has added, and their sessions move at the busiest hour",
  source: "Kubernetes: with an autoscaler, spec.replicas is not of the manifest",
  remediation:
    "Have Pulumi ignore changes of spec.replicas, or remove the autoscaler and its annotations. Removing spec.replicas of a running workload sets it to 1.",
  examples: {
    passes: autoscaledStack(),
    fails: edited(autoscaledStack(), "Deployment eng-gateway", { "spec.replicas": 2 }),
    says: "spec.replicas is 2, but an autoscaler with up to 12 pods sets the number",
  },
  subjects: (fleet) => fleet.workloadsOf("gateway", "proxy", "server"),
  *judge({ facts, replicas }) {
    if (replicas === undefined || !facts.has("maxReplicas")) return;
    const max = facts.number("maxReplicas");
    yield `spec.replicas is ${replicas}, but an autoscaler with up to ${max} pods sets the number; add ignoreChanges: ["spec.replicas"] to its options, or remove the autoscaler and the annotation mcp-fleet.dev/max-replicas`;
  },
});
