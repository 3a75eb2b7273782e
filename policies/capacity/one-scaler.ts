import { autoscaledStack } from "../examples/autoscaled.ts";
import { edited } from "../examples/edit.ts";
import { policy } from "../policy.ts";

export const oneScaler = policy({
  name: "one-scaler",
  level: "mandatory",
  // As it is written: once a workload is deployed, the cluster says how many replicas there are.
  isLocal: true,
  rule: "Who has an autoscaler says nothing of replicas.",
  prevents:
    "Every update of the stack takes away the pods that the autoscaler has added, and the sessions on them move at the busiest hour",
  source: "Kubernetes: with an autoscaler, leave spec.replicas out of the manifest",
  remediation: "Leave spec.replicas out, or the autoscaler and its facts.",
  examples: {
    passes: autoscaledStack(),
    fails: edited(autoscaledStack(), "Deployment eng-gateway", { "spec.replicas": 2 }),
    says: "spec.replicas is 2, and an autoscaler with up to 12 pods says how many there are",
  },
  subjects: ({ processes }) => processes,
  *judge({ facts, replicas }) {
    if (replicas === undefined || !facts.has("maxReplicas")) return;
    const most = facts.number("maxReplicas");
    yield `spec.replicas is ${replicas}, and an autoscaler with up to ${most} pods says how many there are: leave spec.replicas out, or the autoscaler and the annotation mcp-fleet.dev/max-replicas`;
  },
});
