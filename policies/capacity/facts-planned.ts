import { annotationOf } from "@mcp-fleet/contract";
import { amountText, figureText } from "@mcp-fleet/contract/capacity";
import { told } from "../examples/edit.ts";
import { gatewayStack } from "../examples/gateway.ts";
import { policy } from "../policy.ts";
import { FACT_NAMES, type Fact } from "../stack/facts.ts";
import type { Workload } from "../stack/workload.ts";
import {
  type PlannedFact,
  type PlannedFacts,
  plannedProcess,
  plannedServer,
  said,
} from "./planned-facts.ts";
import { possible, serverLoadOf } from "./recomputed.ts";

export const factsPlanned = policy({
  name: "facts-planned",
  level: "mandatory",
  isLocal: true,
  rule: "What a workload says of itself is what the plan says, computed again from the inputs that it names.",
  prevents:
    "Somebody writes a smaller memory into manifest and annotation alike, and pods are killed at the load that the stack still promises",
  source: "The plan of docs/capacity.md, the same code that sizes the components",
  remediation:
    "Write what the message says, change the inputs in mcp-fleet.dev/plan-inputs, or say in acceptRisk why less is right.",
  examples: {
    passes: gatewayStack(),
    fails: told(gatewayStack(), "Deployment eng-gateway", { requiredNofile: 1024 }),
    says: "the annotation mcp-fleet.dev/required-nofile says 1,024 descriptors, and the plan needs",
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
  { figure, isLeast = false }: PlannedFact,
): Iterable<string> {
  const value = facts.number(fact);
  const { unit } = figure;
  const isFine = isLeast ? value >= figure.value || acceptsRisk : value === figure.value;
  if (isFine) return;
  const says = `the annotation ${annotationOf(fact)} says ${amountText(value, unit)}`;
  const plan = `the plan ${isLeast ? "needs" : "says"} ${figureText(figure)}`;
  yield `${says}, and ${plan}: write ${figure.value}${isLeast ? " or more" : ""}`;
}

/** What the plan says of a workload; of its sessions, what it was planned with, where that is said once more. */
function plannedFacts(workload: Workload): PlannedFacts {
  const { sessions: _, ...planned } = workload.isProcess
    ? { ...plannedProcess(workload.planInputs), ...plannedStorage(workload) }
    : plannedServer(serverLoadOf(workload));
  const { sessions } = workload.facts.map("planInputs");
  if (typeof sessions !== "number") return planned;
  return { ...planned, sessions: said(sessions, "sessions", "sessions") };
}

/** What a store was sized for is no less than what one of its clients brings. */
function plannedStorage({ facts, mostReplicas }: Workload): PlannedFacts {
  return {
    storeSessions: { ...said(facts.number("sessions"), "sessions", "sessions"), isLeast: true },
    storeClientPods: { ...said(mostReplicas, "pods", "replicas"), isLeast: true },
  };
}
