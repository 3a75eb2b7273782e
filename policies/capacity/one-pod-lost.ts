import { amountText, CONSTANTS, figureText } from "@mcp-fleet/contract/capacity";
import { edited } from "../examples/edit.ts";
import { gatewayStack } from "../examples/gateway.ts";
import { policy } from "../policy.ts";
import type { Fleet } from "../stack/fleet.ts";
import { quantityOf } from "../stack/quantity.ts";
import { Unjudgeable } from "../stack/unjudgeable.ts";
import type { Workload } from "../stack/workload.ts";
import { inputsOf, processPlanOf, serverLoadOf, serverPlanOf } from "./recomputed.ts";

export const onePodLost = policy({
  name: "one-pod-lost",
  level: "mandatory",
  rule: "With the spare pods lost, the remaining ones hold every session.",
  prevents:
    "A node fails at noon: the remaining pods refuse the sessions of the lost one, or run out of memory",
  source:
    "The plan of docs/capacity.md: podCapacity, holding, and the memory of an MCP server's sessions",
  remediation:
    "Set the replicas of the message, raise the ceiling that limits podCapacity, or explain in acceptRisks.belowPlan why fewer are right.",
  settings: {
    spareReplicas: {
      type: "integer",
      default: 1,
      description: "Pods of a workload that may be lost at the same time",
    },
  },
  examples: {
    passes: gatewayStack(),
    fails: edited(gatewayStack({ sessions: 5000 }), "Deployment eng-gateway", {
      "spec.replicas": 3,
    }),
    says: "3 pods with 1 lost can hold 4,000 sessions, but there are 5,000, and the fullest pod has 10 % more than its share",
  },
  subjects: (fleet) => fleet.workloadsOf("gateway", "proxy", "server"),
  *judge(workload, fleet, { spareReplicas }) {
    if (workload.acceptsRisk) return;
    if (workload.isProcess) yield* processFaults(workload, fleet, spareReplicas);
    else yield* serverFaults(workload, fleet, spareReplicas);
  },
});

function* processFaults(workload: Workload, fleet: Fleet, spareReplicas: number): Iterable<string> {
  const { store } = inputsOf(workload);
  const { podCapacity } = processPlanOf(workload);
  // With sessions in a pod's memory, a spare pod could not take over any of them.
  const spare = store === "memory" ? 0 : spareReplicas;
  const pods = fleet.minReplicasOf(workload);
  const left = pods - spare;
  const sessions = workload.facts.number("sessions");
  if (holds(left, podCapacity.value, sessions)) return;
  const holding = minPods(podCapacity.value, sessions);
  const room = Math.max(0, left) * podCapacity.value;
  yield `${amountText(pods, "pods")} with ${spare} lost can hold ${count(room)} sessions, but there are ${count(sessions)}${skewText(holding)}: podCapacity ${figureText(podCapacity)}; set replicas to ${holding + spare}`;
}

/** A single pod has all sessions; of several, the fullest one has more than its share. */
function holds(pods: number, podCapacity: number, sessions: number): boolean {
  if (pods <= 1) return pods === 1 && sessions <= podCapacity;
  return pods * podCapacity * 100 >= sessions * (100 + CONSTANTS.skew.value);
}

function minPods(podCapacity: number, sessions: number): number {
  if (holds(1, podCapacity, sessions)) return 1;
  return Math.ceil((sessions * (100 + CONSTANTS.skew.value)) / (100 * podCapacity));
}

const skewText = (holding: number): string =>
  holding === 1 ? "" : `, and the fullest pod has ${CONSTANTS.skew.value} % more than its share`;

/** The number of a server's pods is fixed, so the memory of a pod must hold its share while others are lost. */
function* serverFaults(workload: Workload, fleet: Fleet, spareReplicas: number): Iterable<string> {
  const pods = fleet.minReplicasOf(workload);
  const left = Math.max(1, pods - spareReplicas);
  // The plan assumes that one pod is lost.
  const { podSessions: _, ...load } = { ...serverLoadOf(workload), replicas: left + 1 };
  const { sessionsPerPod } = serverPlanOf(load);
  const { memory } = serverPlanOf({ ...load, podSessions: sessionsPerPod.value });
  const limit = quantityOf(workload.container.at("resources.limits.memory"));
  if (limit === undefined) {
    throw Unjudgeable.missing("resources.limits.memory", `set it to ${memory.value}`);
  }
  if (limit >= memory.value) return;
  const gone = pods - left;
  yield `with ${gone} of ${amountText(pods, "pods")} lost, the fullest has ${count(sessionsPerPod.value)} sessions and needs ${figureText(memory)}, but its limit is ${amountText(limit, "bytes")}; set resources.limits.memory: ${memory.value}, or add replicas`;
}

const count = (value: number): string => value.toLocaleString("en-US");
