/**
 * The fields of Kubernetes objects that the vendor's provider replaces an object for, as it has them: by `apiVersion
 * kind`, beside the name and the namespace of every kind. A path holds for all that is below it; `*` is any item.
 */
export const FORCE_REPLACE: { readonly [apiVersionAndKind: string]: readonly string[] } = {
  "apps/v1 DaemonSet": ["spec.selector"],
  "apps/v1 Deployment": ["spec.selector"],
  "apps/v1 StatefulSet": [
    "spec.podManagementPolicy",
    "spec.revisionHistoryLimit",
    "spec.selector",
    "spec.serviceName",
    "spec.volumeClaimTemplates",
  ],
  "batch/v1 Job": ["spec.completions", "spec.parallelism", "spec.selector", "spec.template"],
  "policy/v1beta1 PodDisruptionBudget": ["spec"],
  "rbac.authorization.k8s.io/v1 ClusterRoleBinding": ["roleRef"],
  "rbac.authorization.k8s.io/v1 RoleBinding": ["roleRef"],
  "storage.k8s.io/v1 StorageClass": ["parameters", "provisioner"],
  "v1 ConfigMap": ["binaryData", "data"],
  "v1 PersistentVolumeClaim": ["spec"],
  "v1 ResourceQuota": ["spec.scopes"],
  "v1 Secret": ["data", "stringData", "type"],
  "v1 Service": ["spec.clusterIP"],
};

const EVERY_KIND: readonly string[] = ["metadata.name", "metadata.namespace"];

/** The provider's settings that lift the rule for a kind: it then changes the object in place. */
export const MUTABLE_BY: { readonly [apiVersionAndKind: string]: string } = {
  "v1 ConfigMap": "enableConfigMapMutable",
  "v1 Secret": "enableSecretMutable",
};

/** Which part of an object, from its top: `["spec", "ports", 0, "port"]`. */
export type Path = readonly (string | number)[];

/** What a change at this path of such an object does: replaces it, or not. */
export function forcesReplacement(
  object: { readonly apiVersion: string; readonly kind: string },
  path: Path,
): boolean {
  const fields = FORCE_REPLACE[`${object.apiVersion} ${object.kind}`] ?? [];
  return [...EVERY_KIND, ...fields].some((field) => isAtOrBelow(path, field.split(".")));
}

function isAtOrBelow(path: Path, field: readonly string[]): boolean {
  // A change of a whole branch changes the field below it too.
  const shared = Math.min(path.length, field.length);
  return field.slice(0, shared).every((step, at) => step === "*" || step === String(path[at]));
}
