import type { Input } from "@pulumi/pulumi";
import type { NofileMode, NofileShortage, Spread } from "./choices.ts";

/** What a container gets, in the place of what the plan says. Less than the plan is refused. */
export interface ResourcesArgs {
  /** Memory, request and limit alike, such as 512Mi. */
  memory?: string;
  /** Request of CPU, such as 250m. */
  cpu?: string;
  /** Limit of CPU, such as 2. */
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
  /** The taint's key. */
  key?: Input<string>;
  /** Equal or Exists. */
  operator?: Input<string>;
  /** The taint's value. */
  value?: Input<string>;
  /** The taint's effect. */
  effect?: Input<string>;
  /** How long a NoExecute taint is stood. */
  tolerationSeconds?: Input<number>;
}

/** What every pod of a workload has beside what the component says. */
export interface PodTemplateArgs {
  /** Labels; none of them may be one of ours. */
  labels?: Record<string, Input<string>>;
  /** Annotations. */
  annotations?: Record<string, Input<string>>;
  /** Where pods may stand. */
  nodeSelector?: Record<string, Input<string>>;
  /** Taints that pods stand. */
  tolerations?: TolerationArgs[];
  /** Their priority class. */
  priorityClassName?: Input<string>;
  /** Names of Secrets for the image registry. */
  imagePullSecrets?: Input<string>[];
  /** The user that containers run as. Default: the component's own, never root. */
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
  /** Why something below the plan is deployed all the same: it stands in the facts and in every preview. */
  acceptRisk?: string;
}
