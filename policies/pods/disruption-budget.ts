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
  rule: "Every workload with more than one pod has exactly one PodDisruptionBudget, which allows an eviction; for Redis and Sentinels, only one at a time.",
  prevents:
    "Draining two nodes evicts all gateways, or the quorum, at once; with a budget that allows no eviction, a drain never ends",
  source:
    "Kubernetes: an eviction is refused if a budget allows none, and fails if two budgets select the pod",
  remediation:
    "Add one PodDisruptionBudget with maxUnavailable: 1, the selector of the workload, and unhealthyPodEvictionPolicy: AlwaysAllow, so that a pod that is not ready does not block a drain.",
  examples: {
    passes: gatewayStack(),
    fails: edited(gatewayStack(), "PodDisruptionBudget eng-gateway", { "spec.maxUnavailable": 0 }),
    says: "PodDisruptionBudget eng-gateway allows no eviction of its 2 pods",
  },
  subjects: ({ workloads }) => workloads,
  *judge(workload, fleet) {
    const pods = podCounts(workload, fleet);
    const budgets = fleet.selecting(workload, "PodDisruptionBudget", "spec.selector");
    if (budgets.length === 0 && pods.max > 1) {
      yield `no PodDisruptionBudget selects its ${pods.max} pods, so a drain may evict all of them at once; add one with maxUnavailable: 1`;
    }
    if (budgets.length > 1) {
      const titles = budgets.map(({ title }) => title).join(" and ");
      yield `${titles} select the same pods, so every eviction fails; keep only one of them`;
    }
    for (const budget of budgets) yield* judgeBudget(budget, workload, pods);
  },
});

function* judgeBudget(
  budget: Resource,
  { role }: Workload,
  { min, max }: PodCounts,
): Iterable<string> {
  const fix = "set maxUnavailable: 1";
  if (allowed(budget, min) < 1) {
    yield `${budget.title} allows no eviction of its ${min} pods, so a drain of their nodes never ends; ${fix}`;
  }
  const gone = allowed(budget, max);
  const isStore = role === "redis" || role === "sentinel";
  if (isStore && gone > 1) {
    yield `${budget.title} allows ${gone} of ${max} pods to be evicted at once, so the rest is no majority; ${fix}`;
  }
}

/** How many of a number of healthy pods may be evicted. Percentages are rounded up, as in Kubernetes. */
function allowed({ fields }: Resource, pods: number): number {
  const maxUnavailable = fields.at("spec.maxUnavailable");
  if (maxUnavailable.isThere) return Math.min(pods, amount(maxUnavailable, pods));
  const minAvailable = fields.at("spec.minAvailable");
  if (minAvailable.isThere) return Math.max(0, pods - amount(minAvailable, pods));
  return 0;
}

function amount(field: Fields, pods: number): number {
  const share = /^(\d+)%$/.exec(field.text() ?? "")?.[1];
  const number = share === undefined ? field.number() : Math.ceil((Number(share) * pods) / 100);
  if (number !== undefined) return number;
  throw new Unjudgeable(`${field.path} must be a number or a percentage such as 50%; set it to 1`);
}
