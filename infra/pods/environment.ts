import type * as k8s from "@pulumi/kubernetes";
import type { EnvArgs, SecretEnvArgs } from "../arguments/env-args.ts";

/** The variables of a container that the user names. */
export function variablesOf({
  env = [],
  secrets = [],
}: {
  readonly env?: readonly EnvArgs[];
  readonly secrets?: readonly SecretEnvArgs[];
}): k8s.types.input.core.v1.EnvVar[] {
  return [
    ...env.map(({ name, value }) => ({ name, value })),
    ...secrets.map(({ targetEnvName, name, key }) => ({
      name: targetEnvName,
      valueFrom: { secretKeyRef: { name, key } },
    })),
  ];
}
