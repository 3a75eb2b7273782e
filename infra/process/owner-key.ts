import * as k8s from "@pulumi/kubernetes";
import { labelsOf, nameOf, type ProcessSpec } from "./process-spec.ts";

/** The key of `ownerKey` in its Secret. */
export const OWNER_KEY = "owner-key";

/** What principals are digested with, in a Secret; undefined where the user gives none. */
export function ownerKey(spec: ProcessSpec): k8s.core.v1.Secret | undefined {
  if (spec.process.ownerKey === undefined) return undefined;
  return new k8s.core.v1.Secret(
    `${nameOf(spec)}-owner`,
    {
      metadata: { namespace: spec.namespace, labels: labelsOf(spec) },
      stringData: { [OWNER_KEY]: spec.process.ownerKey },
    },
    { parent: spec.parent },
  );
}
