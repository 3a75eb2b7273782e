import { RISK_NAMES, RISKS } from "@mcp-fleet/contract";
import { withFacts } from "../examples/edit.ts";
import { gatewayStack } from "../examples/gateway.ts";
import { policy } from "../policy.ts";

export const acceptedRisks = policy({
  name: "accepted-risks",
  level: "advisory",
  advisoryBecause:
    "someone has decided it and given a reason; this keeps it visible to everyone else",
  isLocal: true,
  rule: "Every risk that somebody takes is reported.",
  prevents:
    "A size that was lowered for a demonstration is still deployed a year later, and nobody remembers why",
  source: "The argument acceptRisks of the components",
  remediation: "Remove each risk from acceptRisks as soon as its reason no longer applies.",
  examples: {
    passes: gatewayStack(),
    fails: withFacts(gatewayStack(), "Deployment eng-gateway", {
      acceptRisks: { belowPlan: "a demonstration" },
    }),
    says: "something is deployed below the plan: a demonstration",
  },
  subjects: ({ workloads }) => workloads,
  *judge(workload) {
    for (const risk of RISK_NAMES) {
      const about = RISKS[risk];
      const reason = workload.facts.riskReason(risk);
      if (reason !== undefined)
        yield `${about.charAt(0).toLowerCase()}${about.slice(1)}: ${reason}`;
    }
  },
});
