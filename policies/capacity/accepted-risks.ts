import { withFacts } from "../examples/edit.ts";
import { gatewayStack } from "../examples/gateway.ts";
import { policy } from "../policy.ts";

export const acceptedRisks = policy({
  name: "accepted-risks",
  level: "advisory",
  advisoryBecause:
    "someone has decided it and given a reason; this keeps it visible to everyone else",
  isLocal: true,
  rule: "Whatever is deployed below the plan is reported.",
  prevents:
    "A size that was lowered for a demonstration is still deployed a year later, and nobody remembers why",
  source: "The argument acceptRisk of the components",
  remediation: "Return to the plan and remove acceptRisk as soon as its reason no longer applies.",
  examples: {
    passes: gatewayStack(),
    fails: withFacts(gatewayStack(), "Deployment eng-gateway", { acceptRisk: "a demonstration" }),
    says: "is deployed below the plan: a demonstration",
  },
  subjects: ({ workloads }) => workloads,
  *judge(workload) {
    if (workload.acceptsRisk)
      yield `is deployed below the plan: ${workload.facts.text("acceptRisk")}`;
  },
});
