import { edited } from "../examples/edit.ts";
import { gatewayStack } from "../examples/gateway.ts";
import { policy } from "../policy.ts";
import type { Fields } from "../stack/fields.ts";
import { selects } from "../stack/label-selector.ts";
import type { Workload } from "../stack/workload.ts";
import { type PodCounts, podCounts } from "./pod-counts.ts";

const NODE = "kubernetes.io/hostname";
const FIX = `add topologySpreadConstraints with topologyKey: ${NODE}, maxSkew: 1 and the workload's own labels`;

export const spreadOverNodes = policy({
  name: "spread-over-nodes",
  level: "mandatory",
  rule: "The pods of a workload with more than one are spread over nodes.",
  prevents: "One node fails, and with it every gateway, or the quorum",
  source:
    "Kubernetes: without constraints, the scheduler only tries to limit the difference between two nodes to 3 pods",
  remediation: `${FIX.charAt(0).toUpperCase()}${FIX.slice(1)}, or podAntiAffinity with the same labels.`,
  settings: {
    requireForStores: {
      type: "boolean",
      default: false,
      description:
        "Whether Redis pods, and Sentinel pods, must never share a node. Merely spread evenly, two of three do on two nodes",
    },
  },
  examples: {
    passes: gatewayStack(),
    fails: edited(gatewayStack(), "Deployment eng-gateway", {
      "spec.template.spec.topologySpreadConstraints": undefined,
    }),
    says: "nothing keeps its 2 pods from running on one node",
  },
  subjects: ({ workloads }) => workloads,
  *judge(workload, fleet, { requireForStores }) {
    const pods = podCounts(workload, fleet);
    if (pods.max < 2) return;
    if (!isSpread(workload, pods)) {
      yield `nothing keeps its ${pods.max} pods from running on one node; ${FIX}`;
      return;
    }
    const isStore = workload.role === "redis" || workload.role === "sentinel";
    if (requireForStores && isStore && !isApart(workload, pods)) {
      yield `two of its ${pods.max} pods may share a node; add podAntiAffinity with requiredDuringSchedulingIgnoredDuringExecution, topologyKey: ${NODE} and the workload's own labels`;
    }
  },
});

function isSpread(workload: Workload, { min }: PodCounts): boolean {
  const pods = Math.max(2, min);
  return (
    constraints(workload).some((constraint) => skewOf(constraint) < pods) ||
    terms(workload, "required").length > 0 ||
    terms(workload, "preferred").length > 0
  );
}

function isApart(workload: Workload, { max }: PodCounts): boolean {
  return (
    terms(workload, "required").length > 0 ||
    constraints(workload).some(
      (constraint) =>
        constraint.at("whenUnsatisfiable").text() === "DoNotSchedule" &&
        skewOf(constraint) === 1 &&
        (constraint.at("minDomains").number() ?? 1) >= max,
    )
  );
}

const skewOf = (constraint: Fields): number => constraint.at("maxSkew").number() ?? 1;

/** The constraints that spread these pods over nodes. */
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

/** The anti-affinity terms that keep these pods on different nodes. */
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

/** Whether a term selects pods of a namespace; without any, it selects those of its own. */
function isAbout(term: Fields, namespace: string): boolean {
  const names = term
    .at("namespaces")
    .items()
    .map((name) => name.text());
  const selector = term.at("namespaceSelector");
  if (names.includes(namespace)) return true;
  return selector.isThere ? selector.members().size === 0 : names.length === 0;
}
