import { type Properties, part } from "./difference.ts";

/** What names an object of Kubernetes. */
export interface ObjectName {
  readonly apiVersion: string;
  readonly kind: string;
  /** Empty where the kind has none. */
  readonly namespace: string;
  readonly name: string;
}

const CLUSTER_WIDE: ReadonlySet<string> = new Set([
  "APIService",
  "ClusterRole",
  "ClusterRoleBinding",
  "CustomResourceDefinition",
  "GatewayClass",
  "IngressClass",
  "MutatingWebhookConfiguration",
  "Namespace",
  "Node",
  "PersistentVolume",
  "PriorityClass",
  "RuntimeClass",
  "StorageClass",
  "ValidatingAdmissionPolicy",
  "ValidatingAdmissionPolicyBinding",
  "ValidatingWebhookConfiguration",
]);

export function isClusterWide(kind: string): boolean {
  return CLUSTER_WIDE.has(kind);
}

export function textOf(properties: Properties, name: string): string {
  const value = properties[name];
  return typeof value === "string" ? value : "";
}

export function objectName(object: Properties): ObjectName {
  const metadata = part(object, "metadata");
  return {
    apiVersion: textOf(object, "apiVersion"),
    kind: textOf(object, "kind"),
    namespace: textOf(metadata, "namespace"),
    name: textOf(metadata, "name"),
  };
}

/** The id of an object in the state: `namespace/name`. */
export function idOf(object: Properties): string {
  const { namespace, name } = objectName(object);
  return namespace === "" ? name : `${namespace}/${name}`;
}

export function annotation(object: Properties, name: string): string {
  return textOf(part(part(object, "metadata"), "annotations"), name);
}
