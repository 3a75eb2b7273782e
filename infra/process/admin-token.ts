import * as k8s from "@pulumi/kubernetes";
import { type Output, secret } from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { labelsOf, logicalNameOf, type ProcessSpec } from "./process-spec.ts";

/** The name of the token in its Secret. */
export const ADMIN_TOKEN = "admin-token";

const LENGTH = 40;

/** What requests to the admin port have to bring that change something, and the Secret that pods read it from. */
export interface AdminToken {
  readonly token: Output<string>;
  readonly secret: k8s.core.v1.Secret;
}

/** Generated once, and kept in the stack's state. */
export function adminToken(spec: ProcessSpec): AdminToken {
  const name = `${logicalNameOf(spec)}-admin-token`;
  const options = { parent: spec.parent };
  const token = secret(
    new random.RandomPassword(name, { length: LENGTH, special: false }, options).result,
  );
  const metadata = { namespace: spec.namespace, labels: labelsOf(spec) };
  const stringData = { [ADMIN_TOKEN]: token };
  return { token, secret: new k8s.core.v1.Secret(name, { metadata, stringData }, options) };
}
