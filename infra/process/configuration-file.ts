import { createHash } from "node:crypto";
import type { Section } from "@mcp-fleet/contract";
import { rolloutPart } from "@mcp-fleet/contract/settings";
import * as k8s from "@pulumi/kubernetes";
import { type Input, type Output, output } from "@pulumi/pulumi";
import { CONFIGURATION_FILE, fileText, tooLong } from "./configuration-text.ts";
import { labelsOf, logicalNameOf, nameOf, type ProcessSpec } from "./process-spec.ts";

/** The mount path of the configuration. */
export const CONFIGURATION_PATH = "/etc/mcp-fleet/configuration";

/** The annotation of pods that changes with what they read at their start only. */
export const CHECKSUM = "mcp-fleet.dev/configuration-checksum";

type Files = Readonly<Record<string, Input<string>>>;

/** What pods read, and the annotations of theirs that follow from it. */
export interface ConfigurationFile {
  readonly configMap: k8s.core.v1.ConfigMap;
  /**
   * Its name: where it is fixed, no output of it. Whoever has an output of what is deleted before it is made anew is judged
   * as if all around that output were unknown, and is replaced with it.
   */
  readonly name: Input<string>;
  readonly annotations: Files;
}

/**
 * The configuration in a ConfigMap. Gateways take over what changes in it, so it keeps its name, and pods roll out with a
 * checksum of what they read at their start only. That of proxies has a generated name: a changed configuration is a new
 * ConfigMap, so pods roll out with it, and roll back with it.
 *
 * @param live further files that it names, whose changes are taken over as well.
 * @param atStart further files, which are read at the start only.
 */
export function configurationFile(
  spec: ProcessSpec,
  configuration: Section,
  live: Files,
  atStart: Files,
): ConfigurationFile {
  const isLive = spec.role === "gateway";
  const fixed = isLive ? `${nameOf(spec)}-configuration` : undefined;
  const configMap = new k8s.core.v1.ConfigMap(
    `${logicalNameOf(spec)}-configuration`,
    {
      metadata: {
        ...(fixed && { name: fixed }),
        namespace: spec.namespace,
        labels: labelsOf(spec),
      },
      data: data(nameOf(spec), configuration, { ...live, ...atStart }),
    },
    { parent: spec.parent },
  );
  const annotations = isLive ? { [CHECKSUM]: checksum(configuration, atStart) } : {};
  return { configMap, name: fixed ?? configMap.metadata.name, annotations };
}

/** @throws {Error} before there is no ConfigMap any more, where what outputs come to is too long. */
function data(
  workload: string,
  configuration: Section,
  beside: Files,
): Output<Record<string, string>> {
  return output({ configuration, beside }).apply((known) => {
    const files: Record<string, string> = {
      [CONFIGURATION_FILE]: fileText(known.configuration),
      ...known.beside,
    };
    const rule = tooLong(files);
    if (rule !== undefined) throw new Error(`${workload}: what is given as outputs ${rule}`);
    return files;
  });
}

/** Outputs in what is taken over do not matter: backends may be known only after the update. */
function checksum(configuration: Section, files: Files): Output<string> {
  return output({ part: rolloutPart(configuration), files }).apply((known) =>
    createHash("sha256").update(JSON.stringify(known)).digest("hex").slice(0, 16),
  );
}
