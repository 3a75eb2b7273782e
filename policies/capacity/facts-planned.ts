import { annotationOf } from "@mcp-fleet/contract";
import { amountText, figureText } from "@mcp-fleet/contract/capacity";
import { withFacts } from "../examples/edit.ts";
import { gatewayStack } from "../examples/gateway.ts";
import { policy } from "../policy.ts";
import { FACT_NAMES, type Fact } from "../stack/facts.ts";
import type { Workload } from "../stack/workload.ts";
import {
  inputFact,
  type PlannedFact,
  type PlannedFacts,
  plannedProcess,
  plannedServer,
} from "./planned-facts.ts";
import { possible, serverLoadOf } from "./recomputed.ts";

export const factsPlanned = policy({
  name: "facts-planned",
  level: "mandatory",
  isLocal: true,
  rule: "The annotations of a workload match its plan, computed again from its inputs.",
  prevents:
    "Someone lowers the memory in both manifest and annotation, and pods are killed under the load that the stack still declares",
  source: "The plan of docs/capacity.md, the same code that sizes the components",
  remediation:
    "Set the value of the message, change the inputs in mcp-fleet.dev/plan-inputs, or explain in acceptRisks.belowPlan why less is right.",
  examples: {
    passes: gatewayStack(),
    fails: withFacts(gatewayStack(), "Deployment eng-gateway", { requiredNofile: 1024 }),
    says: "the annotation mcp-fleet.dev/required-nofile is 1,024 descriptors, but the plan needs",
  },
  subjects: (fleet) => fleet.workloadsOf("gateway", "proxy", "server"),
  *judge(workload) {
    const planned = possible(() => plannedFacts(workload));
    for (const fact of FACT_NAMES) {
      const expected = planned[fact];
      if (expected !== undefined && workload.facts.has(fact)) {
        yield* faultsOf(workload, fact, expected);
      }
    }
  },
});

function* faultsOf(
  { facts, acceptsRisk }: Workload,
  fact: Fact,
  { figure, isMinimum = false }: PlannedFact,
): Iterable<string> {
  const value = facts.number(fact);
  const { unit } = figure;
  const isFine = isMinimum ? value >= figure.value || acceptsRisk : value === figure.value;
  if (isFine) return;
  const given = `the annotation ${annotationOf(fact)} is ${amountText(value, unit)}`;
  const plan = `the plan ${isMinimum ? "needs" : "has"} ${figureText(figure)}`;
  yield `${given}, but ${plan}; set it to ${figure.value}${isMinimum ? " or more" : ""}`;
}

/** The planned facts of a workload. Sessions are only checked where the plan's inputs contain them too. */
function plannedFacts(workload: Workload): PlannedFacts {
  const { sessions: _, ...planned } = workload.isProcess
    ? { ...plannedProcess(workload.planInputs), ...plannedStorage(workload) }
    : plannedServer(serverLoadOf(workload));
  const { sessions } = workload.facts.map("planInputs");
  if (typeof sessions !== "number") return planned;
  return { ...planned, sessions: inputFact(sessions, "sessions", "sessions") };
}

/** A store must be sized for at least each one of its clients. */
function plannedStorage({ facts, maxReplicas }: Workload): PlannedFacts {
  return {
    storeSessions: {
      ...inputFact(facts.number("sessions"), "sessions", "sessions"),
      isMinimum: true,
    },
    storeClientPods: { ...inputFact(maxReplicas, "pods", "replicas"), isMinimum: true },
  };
}
