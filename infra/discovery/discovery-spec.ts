import type { ComponentResource, Input } from "@pulumi/pulumi";
import type { DiscoveryArgs } from "../arguments/discovery-args.ts";
import type { WorkloadArgs } from "../arguments/pod-args.ts";
import type { ProcessArgs } from "../arguments/process-args.ts";
import { type Labels, labels, type Names, selectorLabels } from "../naming.ts";

/** Everything that the process which looks for backends is created from. */
export interface DiscoverySpec extends Names {
  readonly parent: ComponentResource;
  readonly namespace: Input<string>;
  readonly discovery: DiscoveryArgs;
  /** How many backends are listed, and so not looked for. */
  readonly listed: number;
  readonly process: ProcessArgs;
  readonly workload: Omit<WorkloadArgs, "name" | "namespace">;
}

/** The name of the workload, such as `eng-discover`. */
export const nameOf = ({ instance }: Names): string => `${instance}-discover`;

/** The same in Pulumi. */
export const logicalNameOf = ({ logicalName }: Names): string => `${logicalName}-discover`;

export const labelsOf = ({ instance }: Names): Labels => labels(instance, "discover");

export const selectorOf = ({ instance }: Names): Labels => selectorLabels(instance, "discover");

/** The name of the ConfigMap with the backends. */
export const configMapName = (
  instance: string,
  { configMapName: existing }: DiscoveryArgs,
): Input<string> => existing ?? `${instance}-backends`;

/** Whether there is something to look for; otherwise somebody else writes the ConfigMap. */
export const isLookedFor = ({ groupRef, services }: DiscoveryArgs): boolean =>
  groupRef !== undefined || services !== undefined;
