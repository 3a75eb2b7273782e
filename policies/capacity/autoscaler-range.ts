import { figureText } from "@mcp-fleet/contract/capacity";
import { autoscaledStack } from "../examples/autoscaled.ts";
import { edited } from "../examples/edit.ts";
import { policy } from "../policy.ts";
import { processPlanOf } from "./recomputed.ts";

export const autoscalerRange = policy({
  name: "autoscaler-range",
  level: "mandatory",
  rule: "The one autoscaler of a workload never goes below the plan, and not above what store and rollouts were sized for.",
  prevents:
    "At night the autoscaler leaves fewer pods than hold the sessions, which are idle and still there; or by day it adds pods that the store has no connections for",
  source: "The plan of docs/capacity.md: replicas is the least, maxReplicas the most",
  remediation: "Write the minReplicas and maxReplicas that the message says.",
  examples: {
    passes: autoscaledStack(),
    fails: edited(autoscaledStack(), "HorizontalPodAutoscaler eng-gateway", {
      "spec.minReplicas": undefined,
    }),
    says: "minReplicas of HorizontalPodAutoscaler eng-gateway is 1, and the plan needs 2 pods",
  },
  subjects: ({ processes }) => processes,
  *judge(workload, fleet) {
    const autoscalers = fleet.autoscalersOf(workload);
    const { facts } = workload;
    if (autoscalers.length > 1) {
      const titles = autoscalers.map(({ title }) => title).join(" and ");
      yield `${titles} scale it: leave one of them`;
    }
    if (autoscalers.length === 0) {
      if (!facts.has("maxReplicas")) return;
      yield `the annotation mcp-fleet.dev/max-replicas says ${facts.number("maxReplicas")}, and there is no autoscaler: add it, or remove the annotation and maxReplicas of mcp-fleet.dev/plan-inputs`;
    }
    for (const { title, fields } of autoscalers) {
      const least = fields.at("spec.minReplicas").number() ?? 1;
      const { replicas } = processPlanOf(workload);
      if (least < replicas.value) {
        yield `minReplicas of ${title} is ${least}, and the plan needs ${figureText(replicas)}: write ${replicas.value}`;
      }
      const most = fields.at("spec.maxReplicas").number() ?? 0;
      const planned = facts.number("maxReplicas");
      if (most !== planned) {
        yield `maxReplicas of ${title} is ${most}, and the annotation mcp-fleet.dev/max-replicas says ${planned}: write one number for both, and as maxReplicas of mcp-fleet.dev/plan-inputs`;
      }
    }
  },
});
