import * as k8s from "@pulumi/kubernetes";
import { type Input, type Output, output } from "@pulumi/pulumi";
import { labelsOf, logicalNameOf, type ProcessSpec } from "./process-spec.ts";

/** The mount path of the configuration. */
export const CONFIGURATION_PATH = "/etc/mcp-fleet/configuration";

/** The name of the file in the ConfigMap: JSON, which is valid YAML. */
export const CONFIGURATION_FILE = "configuration.json";

/**
 * The configuration in a ConfigMap with a generated name: a changed configuration is a new ConfigMap, so pods
 * roll out with it, and roll back with it.
 *
 * @param beside further files that it names.
 */
export function configurationFile(
  spec: ProcessSpec,
  configuration: Readonly<Record<string, unknown>>,
  beside: Readonly<Record<string, Input<string>>>,
): k8s.core.v1.ConfigMap {
  return new k8s.core.v1.ConfigMap(
    `${logicalNameOf(spec)}-configuration`,
    {
      metadata: { namespace: spec.namespace, labels: labelsOf(spec) },
      data: { [CONFIGURATION_FILE]: printed(configuration), ...beside },
    },
    { parent: spec.parent },
  );
}

function printed(configuration: Readonly<Record<string, unknown>>): Output<string> {
  return output(configuration).apply((known) => `${JSON.stringify(known, undefined, 2)}\n`);
}
