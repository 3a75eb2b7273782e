import type { Input } from "@pulumi/pulumi";
import type { NofileMode, NofileShortage, Spread } from "./choices.ts";

/** What a container gets, in the place of what the plan says. Less than the plan is refused. */
export interface ResourcesArgs {
  /** Memory, request and limit alike, such as 512Mi. Default: what the plan says. */
  memory?: string;
  /** Request of CPU, such as 250m. Default: what the plan says, 250m for Redis. */
  cpu?: string;
  /** Limit of CPU, such as 2; refused for Redis. Default: what the plan says, none for servers and Redis. */
  cpuLimit?: string;
}

/** How the limit of open files is met. */
export interface NofileArgs {
  /** Verify: nothing is set, the process compares. NriAnnotation: the pods ask the ulimit-adjuster plugin. Default: Verify. */
  mode?: NofileMode;
  /** The hard limit that containers have on these nodes: no pod is planned above it. Default: 524288. */
  ceiling?: number;
  /** What a process does where it finds less than the plan. Default: enforce. */
  shortage?: NofileShortage;
}

/** A taint that pods stand. */
export interface TolerationArgs {
  /** The taint's key. Default: every taint, with operator Exists. */
  key?: Input<string>;
  /** Equal or Exists. Default: Equal. */
  operator?: Input<string>;
  /** The taint's value, with operator Equal. Default: the empty one. */
  value?: Input<string>;
  /** The taint's effect. Default: every effect. */
  effect?: Input<string>;
  /** How long a NoExecute taint is stood. Default: for ever. */
  tolerationSeconds?: Input<number>;
}

/** What every pod of a workload has beside what the component says. */
export interface PodTemplateArgs {
  /** Labels; none of them may be one of ours. Default: none. */
  labels?: Record<string, Input<string>>;
  /** Annotations; none of them may be one of ours. Default: none. */
  annotations?: Record<string, Input<string>>;
  /** Labels of the nodes where pods may stand. Default: any node. */
  nodeSelector?: Record<string, Input<string>>;
  /** Taints that pods stand. Default: none. */
  tolerations?: TolerationArgs[];
  /** Their priority class. Default: the cluster's. */
  priorityClassName?: Input<string>;
  /** Names of Secrets for the image registry. Default: none. */
  imagePullSecrets?: Input<string>[];
  /** The user that containers run as, never root. Default: 65532, 999 for Redis. */
  runAsUser?: number;
}

/** Who may reach pods over the network. */
export interface NetworkPolicyArgs {
  /** Whether there are NetworkPolicies. Default: true. */
  enabled?: boolean;
  /** Labels of the namespaces from which clients come. Default: from everywhere. */
  clientNamespaces?: Record<string, string>;
}

/** What every component that runs pods may be told about them. */
export interface WorkloadArgs {
  /** The namespace. Default: default. */
  namespace?: Input<string>;
  /** Whether pods have to be spread over nodes. Default: Preferred; Required for Redis. */
  spread?: Spread;
  /** What pods have beside what the component says. */
  podTemplate?: PodTemplateArgs;
  /** Who may reach the pods. */
  networkPolicy?: NetworkPolicyArgs;
  /** Why something below the plan is deployed all the same: it stands in the facts and in every preview. Default: it is refused. */
  acceptRisk?: string;
}
