import { edited } from "../examples/edit.ts";
import { gatewayStack } from "../examples/gateway.ts";
import { policy } from "../policy.ts";
import type { Fields } from "../stack/fields.ts";
import { selects } from "../stack/label-selector.ts";
import type { Workload } from "../stack/workload.ts";
import { type PodCounts, podCounts } from "./pod-counts.ts";

const NODE = "kubernetes.io/hostname";
const FIX = `write topologySpreadConstraints with topologyKey: ${NODE}, maxSkew: 1 and the workload's own labels`;

export const spreadOverNodes = policy({
  name: "spread-over-nodes",
  level: "mandatory",
  rule: "Pods of a workload with more than one are spread over nodes.",
  prevents: "One node goes, and with it every gateway, or the quorum",
  source:
    "Kubernetes: where a pod has no constraints, the scheduler only tries to give a node at most 3 pods more than another",
  remediation: `${FIX.charAt(0).toUpperCase()}${FIX.slice(1)}, or podAntiAffinity by the same labels.`,
  settings: {
    requireForStores: {
      type: "boolean",
      default: false,
      about:
        "Whether pods of Redis and Sentinels may never share a node. Spread evenly, two of three may, where there are two nodes",
    },
  },
  examples: {
    passes: gatewayStack(),
    fails: edited(gatewayStack(), "Deployment eng-gateway", {
      "spec.template.spec.topologySpreadConstraints": undefined,
    }),
    says: "2 pods, and nothing keeps them from one node",
  },
  subjects: ({ workloads }) => workloads,
  *judge(workload, fleet, { requireForStores }) {
    const pods = podCounts(workload, fleet);
    if (pods.most < 2) return;
    if (!isSpread(workload, pods)) {
      yield `${pods.most} pods, and nothing keeps them from one node: ${FIX}`;
      return;
    }
    const isStore = workload.role === "redis" || workload.role === "sentinel";
    if (requireForStores && isStore && !isApart(workload, pods)) {
      yield `${pods.most} pods, of which two may share a node: write podAntiAffinity with requiredDuringSchedulingIgnoredDuringExecution, topologyKey: ${NODE} and the workload's own labels`;
    }
  },
});

function isSpread(workload: Workload, { fewest }: PodCounts): boolean {
  const pods = Math.max(2, fewest);
  return (
    constraints(workload).some((constraint) => skewOf(constraint) < pods) ||
    terms(workload, "required").length > 0 ||
    terms(workload, "preferred").length > 0
  );
}

function isApart(workload: Workload, { most }: PodCounts): boolean {
  return (
    terms(workload, "required").length > 0 ||
    constraints(workload).some(
      (constraint) =>
        constraint.at("whenUnsatisfiable").text() === "DoNotSchedule" &&
        skewOf(constraint) === 1 &&
        (constraint.at("minDomains").number() ?? 1) >= most,
    )
  );
}

const skewOf = (constraint: Fields): number => constraint.at("maxSkew").number() ?? 1;

/** The constraints that are about these pods themselves, over nodes. */
function constraints({ podSpec, podLabels }: Workload): Fields[] {
  return podSpec
    .at("topologySpreadConstraints")
    .items()
    .filter(
      (constraint) =>
        constraint.at("topologyKey").text() === NODE &&
        selects(constraint.at("labelSelector"), podLabels),
    );
}

/** The terms that keep these pods away from each other's nodes. */
function terms(
  { podSpec, podLabels, resource }: Workload,
  kind: "required" | "preferred",
): Fields[] {
  const list = podSpec
    .at(`affinity.podAntiAffinity.${kind}DuringSchedulingIgnoredDuringExecution`)
    .items();
  const all = kind === "required" ? list : list.map((weighted) => weighted.at("podAffinityTerm"));
  return all.filter(
    (term) =>
      term.at("topologyKey").text() === NODE &&
      selects(term.at("labelSelector"), podLabels) &&
      isAbout(term, resource.namespace),
  );
}

/** Whether a term looks at pods of a namespace; its own, where it names none. */
function isAbout(term: Fields, namespace: string): boolean {
  const names = term
    .at("namespaces")
    .items()
    .map((name) => name.text());
  const selector = term.at("namespaceSelector");
  if (names.includes(namespace)) return true;
  return selector.isThere ? selector.members().size === 0 : names.length === 0;
}
