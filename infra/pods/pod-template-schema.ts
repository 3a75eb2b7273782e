import type { PackageSchema, Shape } from "../package-schema.ts";
import schema from "./pod-template-schema.json" with { type: "json" };

/** The types of a pod template, from Kubernetes' OpenAPI: `tools/kubernetes/pod-template-schema.ts` writes them. */
export const POD_TEMPLATE_TYPES: PackageSchema["types"] = schema.types;

/** The version of Kubernetes that they are of. */
export const KUBERNETES_VERSION = schema.kubernetes;

export const POD_TEMPLATE: Shape = { $ref: "#/types/io.k8s.api.core.v1.PodTemplateSpec" };

/** What a reference stands for. */
export function typeOf(shape: Shape): Shape {
  return shape.$ref === undefined
    ? shape
    : (POD_TEMPLATE_TYPES[shape.$ref.slice("#/types/".length)] ?? {});
}
