import { edited } from "../examples/edit.ts";
import { gatewayStack } from "../examples/gateway.ts";
import { policy } from "../policy.ts";
import type { Fields } from "../stack/fields.ts";
import type { Resource } from "../stack/resource.ts";
import { Unjudgeable } from "../stack/unjudgeable.ts";
import type { Workload } from "../stack/workload.ts";
import { type PodCounts, podCounts } from "./pod-counts.ts";

export const disruptionBudget = policy<Workload>({
  name: "disruption-budget",
  level: "mandatory",
  rule: "One PodDisruptionBudget stands before every workload with more than one pod. It lets a pod go, and of Redis and Sentinels no second one.",
  prevents:
    "A drain of two nodes takes all gateways at once, or the quorum; with a budget that lets none go, the drain never ends",
  source:
    "Kubernetes: an eviction asks the budgets, is refused where one lets no pod go, and fails where two select the pod",
  remediation:
    "Write one PodDisruptionBudget with maxUnavailable: 1, the selector of the workload, and unhealthyPodEvictionPolicy: AlwaysAllow, so that a pod that is not ready does not hold up a drain.",
  examples: {
    passes: gatewayStack(),
    fails: edited(gatewayStack(), "PodDisruptionBudget eng-gateway", { "spec.maxUnavailable": 0 }),
    says: "PodDisruptionBudget eng-gateway lets 0 of 2 pods go",
  },
  subjects: ({ workloads }) => workloads,
  *judge(workload, fleet) {
    const pods = podCounts(workload, fleet);
    const budgets = fleet.selecting(workload, "PodDisruptionBudget", "spec.selector");
    if (budgets.length === 0 && pods.most > 1) {
      yield `${pods.most} pods, and no PodDisruptionBudget selects them, so that a drain may take all of them: write one with maxUnavailable: 1`;
    }
    if (budgets.length > 1) {
      const titles = budgets.map(({ title }) => title).join(" and ");
      yield `${titles} select the same pods, so that no eviction succeeds: leave one`;
    }
    for (const budget of budgets) yield* judgeBudget(budget, workload, pods);
  },
});

function* judgeBudget(
  budget: Resource,
  { role }: Workload,
  { fewest, most }: PodCounts,
): Iterable<string> {
  const fix = "write maxUnavailable: 1";
  if (allowed(budget, fewest) < 1) {
    yield `${budget.title} lets 0 of ${fewest} pods go, so that a drain of their nodes never ends: ${fix}`;
  }
  const gone = allowed(budget, most);
  const isStore = role === "redis" || role === "sentinel";
  if (isStore && gone > 1) {
    yield `${budget.title} lets ${gone} of ${most} pods go at a time, and what is left is no majority: ${fix}`;
  }
}

/** How many of so many healthy pods may go. Shares of them are rounded up, as Kubernetes does. */
function allowed({ fields }: Resource, pods: number): number {
  const most = fields.at("spec.maxUnavailable");
  if (most.isThere) return Math.min(pods, amount(most, pods));
  const least = fields.at("spec.minAvailable");
  if (least.isThere) return Math.max(0, pods - amount(least, pods));
  return 0;
}

function amount(field: Fields, pods: number): number {
  const share = /^(\d+)%$/.exec(field.text() ?? "")?.[1];
  const number = share === undefined ? field.number() : Math.ceil((Number(share) * pods) / 100);
  if (number !== undefined) return number;
  throw new Unjudgeable(`${field.path} is neither a number nor a share such as 50%: write 1`);
}
