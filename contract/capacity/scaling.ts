import { CONSTANTS } from "./constants.ts";
import { type Figure, sum, termOf } from "./figure.ts";
import { type CompleteInputs, INPUTS } from "./plan-inputs.ts";

/** What a HorizontalPodAutoscaler is told; the pods that it starts from are the plan's replicas. */
export interface Autoscaling {
  readonly maxReplicas: Figure;
  /** `averageValue` of its CPU metric. */
  readonly targetCpu: Figure;
}

/** A percent of a core is ten millicores. */
const MILLICORES_PER_PERCENT = 10;

/** The range and the target of an autoscaler: it adds pods before their event loops reach the ceiling. */
export function autoscaling(inputs: CompleteInputs, replicas: Figure): Autoscaling {
  const { eventLoopPercent, maxReplicas } = inputs;
  const { scaleAt } = CONSTANTS;
  return {
    maxReplicas: {
      value: Math.max(maxReplicas, replicas.value),
      unit: "pods",
      formula: "max(maxReplicas, replicas)",
      terms: [
        { name: "maxReplicas", value: maxReplicas, unit: "pods", from: INPUTS.maxReplicas.about },
        termOf("replicas", replicas),
      ],
    },
    targetCpu: {
      value: Math.floor((eventLoopPercent * MILLICORES_PER_PERCENT * scaleAt.value) / 100),
      unit: "millicores",
      formula: "⌊eventLoopPercent × 10 × scaleAt⌋",
      terms: [
        {
          name: "eventLoopPercent",
          value: eventLoopPercent,
          unit: "percent",
          from: INPUTS.eventLoopPercent.about,
        },
        { name: "scaleAt", value: scaleAt.value, unit: "percent", from: scaleAt.about },
      ],
    },
  };
}

/** The pods that there may be: what a store and a rollout have to reckon with. */
export function mostReplicas({ maxReplicas }: CompleteInputs, replicas: Figure): number {
  return Math.max(maxReplicas, replicas.value);
}

/**
 * How many pods may be evicted at a time: those that the plan does without. Never none, even where that is one
 * too many: a node that cannot be drained is worse.
 */
export function disruption({ spareReplicas }: Pick<CompleteInputs, "spareReplicas">): Figure {
  const spare = { name: "spareReplicas", value: spareReplicas, from: INPUTS.spareReplicas.about };
  if (spareReplicas > 0) return sum("pods", [spare]);
  return {
    value: 1,
    unit: "pods",
    formula: "max(1, spareReplicas)",
    terms: [{ ...spare, unit: "pods" }],
  };
}
