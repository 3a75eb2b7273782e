import { figureText } from "@mcp-fleet/contract/capacity";
import { autoscaledStack } from "../examples/autoscaled.ts";
import { edited } from "../examples/edit.ts";
import { policy } from "../policy.ts";
import { processPlanOf, serverLoadOf, serverPlanOf } from "./recomputed.ts";

export const autoscalerRange = policy({
  name: "autoscaler-range",
  level: "mandatory",
  rule: "A workload has at most one autoscaler, which goes neither below the plan nor above what store and rollouts were sized for.",
  prevents:
    "At night the autoscaler leaves too few pods for the sessions, which are idle but still exist; or by day it adds pods that the store has no connections for",
  source: "The plan of docs/capacity.md: replicas is the minimum, maxReplicas the maximum",
  remediation: "Set the minReplicas and maxReplicas of the message.",
  examples: {
    passes: autoscaledStack(),
    fails: edited(autoscaledStack(), "HorizontalPodAutoscaler eng-gateway", {
      "spec.minReplicas": undefined,
    }),
    says: "minReplicas of HorizontalPodAutoscaler eng-gateway is 1, but the plan needs 2 pods",
  },
  subjects: (fleet) => fleet.workloadsOf("gateway", "proxy", "server"),
  *judge(workload, fleet) {
    const autoscalers = fleet.autoscalersOf(workload);
    const { facts } = workload;
    if (autoscalers.length > 1) {
      const titles = autoscalers.map(({ title }) => title).join(" and ");
      yield `${titles} all scale it; keep only one of them`;
    }
    if (autoscalers.length === 0) {
      if (!facts.has("maxReplicas") || workload.isScaledOutside) return;
      yield `the annotation mcp-fleet.dev/max-replicas is ${facts.number("maxReplicas")}, but there is no autoscaler; add one, set mcp-fleet.dev/scaling to External if it is not in this stack, or remove the annotation and maxReplicas of mcp-fleet.dev/plan-inputs`;
    }
    if (autoscalers.length > 0 && workload.role === "server" && workload.facts.flag("stateful")) {
      const titles = autoscalers.map(({ title }) => title).join(" and ");
      yield `${titles} may take pods away, whose sessions end with them; remove it, and set spec.replicas`;
      return;
    }
    for (const { title, min, max, minName, maxName } of autoscalers) {
      const { replicas } = workload.isProcess
        ? processPlanOf(workload)
        : serverPlanOf(serverLoadOf(workload));
      if (min < replicas.value) {
        yield `${minName} of ${title} is ${min}, but the plan needs ${figureText(replicas)}; set it to ${replicas.value}`;
      }
      const planned = facts.number("maxReplicas");
      if (workload.isScaledOutside ? max > planned : max !== planned) {
        yield `${maxName} of ${title} is ${max}, but the annotation mcp-fleet.dev/max-replicas is ${planned}; use the same number for both, and for maxReplicas of mcp-fleet.dev/plan-inputs`;
      }
    }
  },
});
