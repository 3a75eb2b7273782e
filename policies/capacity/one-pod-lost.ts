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
  rule: "The pods that are left hold all sessions while others are gone.",
  prevents:
    "A node dies at noon: the pods that are left refuse the sessions of the one that went with it, or run out of memory",
  source:
    "The plan of docs/capacity.md: podCapacity, holding, and what an MCP server's sessions cost",
  remediation:
    "Write the replicas that the message says, raise the ceiling that podCapacity comes from, or say in acceptRisk why fewer are right.",
  settings: {
    spareReplicas: {
      type: "integer",
      default: 1,
      about: "Pods of a workload that may be gone at a time",
    },
  },
  examples: {
    passes: gatewayStack(),
    fails: edited(gatewayStack({ sessions: 5000 }), "Deployment eng-gateway", {
      "spec.replicas": 3,
    }),
    says: "3 pods, 1 of them gone, have room for 4,000 sessions; there are 5,000, and the fullest pod has 10 % more than its share",
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
  // A pod whose memory is the store cannot be replaced by another one.
  const spare = store === "memory" ? 0 : spareReplicas;
  const pods = fleet.leastReplicasOf(workload);
  const left = pods - spare;
  const sessions = workload.facts.number("sessions");
  if (holds(left, podCapacity.value, sessions)) return;
  const holding = leastPods(podCapacity.value, sessions);
  const room = Math.max(0, left) * podCapacity.value;
  yield `${amountText(pods, "pods")}, ${spare} of them gone, have room for ${count(room)} sessions; there are ${count(sessions)}${skewText(holding)}: podCapacity ${figureText(podCapacity)}; write ${holding + spare} replicas`;
}

/** Alone, a pod has all sessions; otherwise the fullest one has more than its share. */
function holds(pods: number, podCapacity: number, sessions: number): boolean {
  if (pods <= 1) return pods === 1 && sessions <= podCapacity;
  return pods * podCapacity * 100 >= sessions * (100 + CONSTANTS.skew.value);
}

function leastPods(podCapacity: number, sessions: number): number {
  if (holds(1, podCapacity, sessions)) return 1;
  return Math.ceil((sessions * (100 + CONSTANTS.skew.value)) / (100 * podCapacity));
}

const skewText = (holding: number): string =>
  holding === 1 ? "" : `, and the fullest pod has ${CONSTANTS.skew.value} % more than its share`;

/** A server's pods are as many as they are: what one has to hold while others are gone is its memory. */
function* serverFaults(workload: Workload, fleet: Fleet, spareReplicas: number): Iterable<string> {
  const pods = fleet.leastReplicasOf(workload);
  const left = Math.max(1, pods - spareReplicas);
  // The plan does without one pod.
  const { memory, sessionsPerPod } = serverPlanOf({
    ...serverLoadOf(workload),
    replicas: left + 1,
  });
  const limit = quantityOf(workload.container.at("resources.limits.memory"));
  if (limit === undefined) {
    throw Unjudgeable.missing("resources.limits.memory", `write ${memory.value}`);
  }
  if (limit >= memory.value) return;
  const gone = pods - left;
  yield `${amountText(pods, "pods")}, ${gone} of them gone, leave ${count(sessionsPerPod.value)} sessions to the fullest, which takes ${figureText(memory)}, and its limit is ${amountText(limit, "bytes")}: write resources.limits.memory: ${memory.value}, or more replicas`;
}

const count = (value: number): string => value.toLocaleString("en-US");
