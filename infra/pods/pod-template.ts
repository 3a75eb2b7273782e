import type * as k8s from "@pulumi/kubernetes";
import type { Input } from "@pulumi/pulumi";
import { Spread } from "../arguments/choices.ts";
import type { WorkloadArgs } from "../arguments/pod-args.ts";
import type { Labels } from "../naming.ts";
import { ownContainers } from "./own-containers.ts";
import { POD_TEMPLATE } from "./pod-template-schema.ts";
import { strategicMerge } from "./strategic-merge.ts";

/** Not root, and not a user id of common images. */
export const USER_ID = 65_532;

/** The settings that the restricted pod security standard requires of a container. */
export const RESTRICTED = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ["ALL"] },
} satisfies k8s.types.input.core.v1.SecurityContext;

/** Everything that a pod template is made from. */
export interface PodTemplateSpec {
  readonly labels: Labels;
  /** The labels that the workload selects its pods by. */
  readonly selector: Labels;
  /** Only what somebody reads who runs the pods: any other change would restart them for nothing. */
  readonly annotations?: Readonly<Record<string, Input<string>>>;
  readonly workload: Omit<WorkloadArgs, "name" | "namespace">;
  readonly graceSeconds: number;
  readonly serviceAccountName: Input<string>;
  /** Whether they call the Kubernetes API. Default: false. */
  readonly hasToken?: boolean;
  readonly userId?: number;
  readonly containers: k8s.types.input.core.v1.Container[];
  readonly volumes?: k8s.types.input.core.v1.Volume[];
  /** Whether a rollout keeps an old pod while a new one starts. Old and new pods are then spread separately. */
  readonly surges: boolean;
  /** Whether two pods must not share a node, with spread Required. Default: false; they are only spread evenly. */
  readonly apart?: boolean;
}

/**
 * The pods of a workload: restricted, spread over nodes and zones, and then as the user's own template changes them. The
 * facts that they were planned with are on the workload.
 */
export function podTemplate(spec: PodTemplateSpec): k8s.types.input.core.v1.PodTemplateSpec {
  const planned = plannedTemplate(spec);
  const patch = ownContainers(spec.workload.podTemplate, spec.containers);
  return Object.assign({}, planned, strategicMerge(planned, patch, POD_TEMPLATE));
}

function plannedTemplate(spec: PodTemplateSpec): k8s.types.input.core.v1.PodTemplateSpec {
  const { userId: runAsUser = USER_ID, workload } = spec;
  const { spread = Spread.Preferred } = workload;
  return {
    metadata: { labels: spec.labels, annotations: spec.annotations ?? {} },
    spec: {
      serviceAccountName: spec.serviceAccountName,
      automountServiceAccountToken: spec.hasToken ?? false,
      enableServiceLinks: false,
      terminationGracePeriodSeconds: spec.graceSeconds,
      securityContext: {
        runAsNonRoot: true,
        runAsUser,
        runAsGroup: runAsUser,
        fsGroup: runAsUser,
        fsGroupChangePolicy: "OnRootMismatch",
        seccompProfile: { type: "RuntimeDefault" },
      },
      topologySpreadConstraints: spreadOver(spec.selector, spread, spec.surges),
      ...(spec.apart && spread === Spread.Required && { affinity: apartOnNodes(spec.selector) }),
      containers: spec.containers,
      ...(spec.volumes && { volumes: spec.volumes }),
    },
  };
}

function apartOnNodes(selector: Labels): k8s.types.input.core.v1.Affinity {
  const term = { topologyKey: "kubernetes.io/hostname", labelSelector: { matchLabels: selector } };
  return { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } };
}

/** Spreads pods over nodes as the user asks, and over zones where possible. */
function spreadOver(
  selector: Labels,
  spread: Spread,
  surges: boolean,
): k8s.types.input.core.v1.TopologySpreadConstraint[] {
  const over = (topologyKey: string, isRequired: boolean) => ({
    maxSkew: 1,
    topologyKey,
    whenUnsatisfiable: isRequired ? "DoNotSchedule" : "ScheduleAnyway",
    labelSelector: { matchLabels: selector },
    ...(surges && { matchLabelKeys: ["pod-template-hash"] }),
  });
  return [
    over("kubernetes.io/hostname", spread === Spread.Required),
    over("topology.kubernetes.io/zone", false),
  ];
}
