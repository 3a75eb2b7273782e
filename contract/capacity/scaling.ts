import { CONSTANTS } from "./constants.ts";
import { type Figure, sum, termOf } from "./figure.ts";
import { type CompleteInputs, INPUTS } from "./plan-inputs.ts";

/** The numbers of a HorizontalPodAutoscaler; its `minReplicas` are the plan's replicas. */
export interface Autoscaling {
  readonly maxReplicas: Figure;
  /** `averageValue` of its CPU metric, per pod. */
  readonly targetCpu: Figure;
}

/** One percent of a core is ten millicores. */
const MILLICORES_PER_PERCENT = 10;

/** The range and the target of an autoscaler: it adds pods before their event loops reach the ceiling. */
export function autoscaling(inputs: CompleteInputs, replicas: Figure): Autoscaling {
  const { eventLoopPercent } = inputs;
  const { scaleAt } = CONSTANTS;
  return {
    maxReplicas: mostPods(inputs, replicas, INPUTS.maxReplicas.description),
    targetCpu: {
      value: Math.floor((eventLoopPercent * MILLICORES_PER_PERCENT * scaleAt.value) / 100),
      unit: "millicores",
      formula: "⌊eventLoopPercent × 10 × scaleAt⌋",
      terms: [
        {
          name: "eventLoopPercent",
          value: eventLoopPercent,
          unit: "percent",
          from: INPUTS.eventLoopPercent.description,
        },
        { name: "scaleAt", value: scaleAt.value, unit: "percent", from: scaleAt.description },
      ],
    },
  };
}

/**
 * CPU of a server's pod, in millicores, above which an autoscaler adds one. What a server does with its CPU only its
 * authors know; its request is what Kubernetes keeps for it.
 */
export function serverTargetCpu(requestMillicores: number): number {
  return Math.floor((requestMillicores * CONSTANTS.scaleAt.value) / 100);
}

/** The maximum of an autoscaler, which never goes below the plan. */
export function mostPods(
  { maxReplicas }: Pick<CompleteInputs, "maxReplicas">,
  replicas: Figure,
  from: string,
): Figure {
  return {
    value: Math.max(maxReplicas, replicas.value),
    unit: "pods",
    formula: "max(maxReplicas, replicas)",
    terms: [
      { name: "maxReplicas", value: maxReplicas, unit: "pods", from },
      termOf("replicas", replicas),
    ],
  };
}

/** The maximum number of pods: what the store and a rollout have to allow for. */
export function maxPods(
  { maxReplicas }: Pick<CompleteInputs, "maxReplicas">,
  replicas: Figure,
): number {
  return Math.max(maxReplicas, replicas.value);
}

/**
 * How many pods may be evicted at a time: the spare ones. At least one, even where none is spare: a budget of 0
 * would make nodes impossible to drain.
 */
export function disruption({ spareReplicas }: Pick<CompleteInputs, "spareReplicas">): Figure {
  const spare = {
    name: "spareReplicas",
    value: spareReplicas,
    from: INPUTS.spareReplicas.description,
  };
  if (spareReplicas > 0) return sum("pods", [spare]);
  return {
    value: 1,
    unit: "pods",
    formula: "max(1, spareReplicas)",
    terms: [{ ...spare, unit: "pods" }],
  };
}
