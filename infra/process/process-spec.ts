import type { CompleteInputs, ProcessPlan } from "@mcp-fleet/contract/capacity";
import { PORTS } from "@mcp-fleet/contract/settings";
import type { ComponentResource, Input } from "@pulumi/pulumi";
import type { BackendArgs } from "../arguments/backend-args.ts";
import type { Scaling, SessionAffinity } from "../arguments/choices.ts";
import type { OidcArgs } from "../arguments/oidc-args.ts";
import type { WorkloadArgs } from "../arguments/pod-args.ts";
import type { ProcessArgs } from "../arguments/process-args.ts";
import type { SessionStorageArgs } from "../arguments/session-storage-args.ts";
import type { FoundBackends } from "../discovery/found-backends.ts";
import type { Facts } from "../facts.ts";
import { type Labels, labels, type Names, selectorLabels } from "../naming.ts";
import type { ProcessTransforms } from "../transform.ts";
import type { ProcessSize } from "./process-size.ts";

export const { mcp: MCP_PORT, admin: ADMIN_PORT, metrics: METRICS_PORT } = PORTS;

/** Everything that the children of a gateway or proxy are created from. */
export interface ProcessSpec extends Names {
  /** The component that is their parent. */
  readonly parent: ComponentResource;
  readonly role: "gateway" | "proxy";
  readonly namespace: Input<string>;
  /** What the plan was computed from. */
  readonly inputs: CompleteInputs;
  readonly plan: ProcessPlan;
  /** The plan with the overrides of the user. */
  readonly size: ProcessSize;
  readonly facts: Facts;
  /** The configuration, without the paths of keys and the store. */
  readonly configuration: Readonly<Record<string, unknown>>;
  readonly storage: SessionStorageArgs | undefined;
  readonly sessionAffinity: SessionAffinity;
  readonly process: ProcessArgs;
  /** Who sets the number of pods, where an autoscaler does. */
  readonly scaling?: Scaling | undefined;
  readonly workload: Omit<WorkloadArgs, "name" | "namespace">;
  readonly transform: ProcessTransforms | undefined;
  /** Labels of its pods that tell policies of others what they are for. */
  readonly podLabels: Labels;
  /** Where it connects to, beside its store: URLs, and names of Services. */
  readonly destinations: Input<readonly Input<string>[]>;
  /** The labels of the gateways that may call it; absent where everyone may. */
  readonly callers?: Labels;
  /** The backends in its configuration. */
  readonly backends: readonly BackendArgs[];
  /** Those that come and go beside them; absent where none do. */
  readonly found?: FoundBackends | undefined;
  /** The secrets and certificates with which it judges tokens; absent where it has none. */
  readonly login?: Pick<OidcArgs, "clientSecret" | "clientSecretRef" | "caBundle"> | undefined;
  /** The pods that it connects to. */
  readonly callees: readonly Labels[];
}

/** The name of the workload and its Service, such as `eng-gateway`. */
export const nameOf = ({ instance, role }: ProcessSpec): string => `${instance}-${role}`;

/** The same in Pulumi. */
export const logicalNameOf = ({ logicalName, role }: ProcessSpec): string =>
  `${logicalName}-${role}`;

export const labelsOf = ({ instance, role }: ProcessSpec): Labels => labels(instance, role);

export const selectorOf = ({ instance, role }: ProcessSpec): Labels =>
  selectorLabels(instance, role);
