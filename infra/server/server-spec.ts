import type { ServerPlan } from "@mcp-fleet/contract/capacity";
import type { ComponentResource, Input } from "@pulumi/pulumi";
import { WorkloadKind } from "../arguments/choices.ts";
import type { Facts } from "../facts.ts";
import { type Labels, labels, type Names, selectorLabels } from "../naming.ts";
import type { ServerArgs } from "./server-args.ts";
import type { ServerSize } from "./server-size.ts";

/** Everything that the children of an MCP server are created from. */
export interface ServerSpec extends Names {
  readonly parent: ComponentResource;
  readonly namespace: Input<string>;
  readonly plan: ServerPlan;
  readonly size: ServerSize;
  readonly facts: Facts;
  readonly port: number;
  readonly args: ServerArgs;
}

/** The name of the workload and its headless Service, in Kubernetes or Pulumi: `github-server`. */
export const serverName = (instance: string): string => `${instance}-server`;

/** What runs the pods. */
export const kindOf = ({ args }: ServerSpec): WorkloadKind =>
  args.workload ?? WorkloadKind.StatefulSet;

export const labelsOf = ({ instance }: ServerSpec): Labels => labels(instance, "server");

export const selectorOf = ({ instance }: ServerSpec): Labels => selectorLabels(instance, "server");
