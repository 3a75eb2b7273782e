import type { Fields } from "./fields.ts";
import type { Resource } from "./resource.ts";

/** What changes the number of a workload's pods: a HorizontalPodAutoscaler, or a ScaledObject of KEDA. */
export interface Autoscaler {
  readonly title: string;
  readonly min: number;
  readonly max: number;
  /** The names of the two in the manifest. */
  readonly minName: string;
  readonly maxName: string;
}

/** What can be scaled. */
export interface Scaled {
  readonly kind: string;
  readonly name: string;
}

/** A resource as the autoscaler of something; undefined where it is none, or scales something else. */
export function autoscalerOf(resource: Resource, scaled: Scaled): Autoscaler | undefined {
  const { kind, title, fields } = resource;
  const spec = fields.at("spec");
  const target = spec.at("scaleTargetRef");
  const targetKind = target.at("kind").text() ?? "Deployment";
  if (targetKind !== scaled.kind || target.at("name").text() !== scaled.name) return undefined;
  // The numbers that are absent are the defaults of Kubernetes and of KEDA.
  if (kind === "HorizontalPodAutoscaler") {
    const min = spec.at("minReplicas").number() ?? 1;
    return { title, ...range(spec, "maxReplicas", min), min, minName: "minReplicas" };
  }
  const min = spec.at("idleReplicaCount").number() ?? spec.at("minReplicaCount").number() ?? 0;
  return { title, ...range(spec, "maxReplicaCount", 100), min, minName: "minReplicaCount" };
}

function range(spec: Fields, maxName: string, fallback: number) {
  return { maxName, max: spec.at(maxName).number() ?? fallback };
}
