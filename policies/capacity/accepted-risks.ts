import { told } from "../examples/edit.ts";
import { gatewayStack } from "../examples/gateway.ts";
import { policy } from "../policy.ts";

export const acceptedRisks = policy({
  name: "accepted-risks",
  level: "advisory",
  advisoryBecause:
    "Somebody has decided it and said why; this keeps it in sight of everybody else.",
  isLocal: true,
  rule: "Nothing below the plan is deployed unseen.",
  prevents:
    "A size that was lowered for a demonstration is still there a year later, and nobody remembers why",
  source: "The argument acceptRisk of the components",
  remediation: "Go back to the plan and remove acceptRisk, as soon as its reason is gone.",
  examples: {
    passes: gatewayStack(),
    fails: told(gatewayStack(), "Deployment eng-gateway", { acceptRisk: "a demonstration" }),
    says: "is deployed below the plan: a demonstration",
  },
  subjects: ({ workloads }) => workloads,
  *judge(workload) {
    if (workload.acceptsRisk)
      yield `is deployed below the plan: ${workload.facts.text("acceptRisk")}`;
  },
});
