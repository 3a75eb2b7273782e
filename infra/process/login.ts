import * as k8s from "@pulumi/kubernetes";
import type { Input } from "@pulumi/pulumi";
import type { KeptFile } from "../pods/kept-file.ts";
import { CONFIGURATION_PATH } from "./configuration-file.ts";
import { labelsOf, logicalNameOf, type ProcessSpec } from "./process-spec.ts";
import { SECRET_MODE } from "./storage.ts";

const LOGIN_PATH = "/etc/mcp-fleet/login";
const SECRET_FILE = "client-secret";
const CA_FILE = "login-ca.crt";

/** Where a process finds the client secret, and the CA certificates for issuers. */
export const LOGIN_SECRET_PATH = `${LOGIN_PATH}/${SECRET_FILE}`;
export const LOGIN_CA_PATH = `${CONFIGURATION_PATH}/${CA_FILE}`;

/** The file beside the configuration with the CA certificates. */
export function loginFiles({ login }: ProcessSpec): Record<string, Input<string>> {
  return login?.caBundle === undefined ? {} : { [CA_FILE]: login.caBundle };
}

/** The volume with the client secret, in a Secret of its own unless the user has one; undefined where there is none. */
export function loginVolume(spec: ProcessSpec): KeptFile | undefined {
  const { clientSecret, clientSecretRef } = spec.login ?? {};
  const found = clientSecretRef ?? (clientSecret && ownSecret(spec, clientSecret));
  if (found === undefined || found === "") return undefined;
  const items = [{ key: found.key, path: SECRET_FILE }];
  const secret = { secretName: found.name, items, defaultMode: SECRET_MODE };
  return { volume: { name: "login", secret }, mountPath: LOGIN_PATH };
}

function ownSecret(spec: ProcessSpec, clientSecret: Input<string>) {
  const { metadata } = new k8s.core.v1.Secret(
    `${logicalNameOf(spec)}-login`,
    {
      metadata: { namespace: spec.namespace, labels: labelsOf(spec) },
      stringData: { [SECRET_FILE]: clientSecret },
    },
    { parent: spec.parent },
  );
  return { name: metadata.name, key: SECRET_FILE };
}
