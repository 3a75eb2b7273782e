import * as k8s from "@pulumi/kubernetes";
import type { Input, Resource } from "@pulumi/pulumi";
import type { Labels } from "../naming.ts";

/** A service account without rights and without a token: pods do not call the Kubernetes API. */
export function serviceAccount(
  name: string,
  namespace: Input<string>,
  labels: Labels,
  parent: Resource,
): k8s.core.v1.ServiceAccount {
  return new k8s.core.v1.ServiceAccount(
    name,
    { metadata: { name, namespace, labels }, automountServiceAccountToken: false },
    { parent },
  );
}
