import * as k8s from "@pulumi/kubernetes";
import { labelsOf, logicalNameOf, type ProcessSpec } from "./process-spec.ts";

/** The name of `ownerKey` in its Secret. */
export const OWNER_KEY = "owner-key";

/** The Secret with the key that principals are hashed with; undefined where the user sets none. */
export function ownerKey(spec: ProcessSpec): k8s.core.v1.Secret | undefined {
  if (spec.process.ownerKey === undefined) return undefined;
  return new k8s.core.v1.Secret(
    `${logicalNameOf(spec)}-owner`,
    {
      metadata: { namespace: spec.namespace, labels: labelsOf(spec) },
      stringData: { [OWNER_KEY]: spec.process.ownerKey },
    },
    { parent: spec.parent },
  );
}
