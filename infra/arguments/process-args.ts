import type { Input } from "@pulumi/pulumi";
import type { ServiceType } from "./choices.ts";
import type { MonitoringArgs } from "./exposure-args.ts";
import type { CeilingsArgs, LoadArgs } from "./load-args.ts";
import type { NofileArgs, ResourcesArgs } from "./pod-args.ts";
import type { LimitsArgs, OperationalArgs, SessionArgs, SessionKeyArgs } from "./settings-args.ts";

/** What a gateway and a proxy may both be told: how our own image is run. */
export interface ProcessArgs {
  /** Our image. Default: the one of this package's version. */
  image?: Input<string>;
  /** When nodes ask the registry. Default: IfNotPresent. */
  imagePullPolicy?: Input<string>;
  /** Pods that may be gone while the others hold everything. Default: 1. */
  spareReplicas?: number;
  /** What clients do. */
  load?: LoadArgs;
  /** How far a pod may be filled. */
  ceilings?: CeilingsArgs;
  /** What a container gets, in the place of what the plan says. */
  resources?: ResourcesArgs;
  /** How the limit of open files is met. */
  nofile?: NofileArgs;
  /** How long sessions live. */
  session?: SessionArgs;
  /** What a process takes on at most. */
  limits?: LimitsArgs;
  /** How it runs. */
  operational?: OperationalArgs;
  /** The keys that sign session ids: to rotate, add one with signAfter beyond the rollout, and remove the old one after that. Default: one, called first. */
  sessionKeys?: SessionKeyArgs[];
  /** What principals are digested with in the store, 32 random bytes in base64; never changed. Default: no key. */
  ownerKey?: Input<string>;
  /** Seconds between SIGTERM and SIGKILL, in the place of what the plan says. Less is refused. Default: the plan's. */
  terminationGracePeriodSeconds?: number;
  /** How the Service is reached. Default: ClusterIP. */
  serviceType?: ServiceType;
  /** What Prometheus and Grafana find. */
  monitoring?: MonitoringArgs;
}
