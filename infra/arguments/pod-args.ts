import type * as k8s from "@pulumi/kubernetes";
import type { Input } from "@pulumi/pulumi";
import type { NofileMode, NofileShortage, Spread } from "./choices.ts";

/** The resources of a container, instead of the planned ones. Less than planned is refused. */
export interface ResourcesArgs {
  /** Memory request and limit, such as 512Mi. Default: as planned. */
  memory?: string;
  /** CPU request, such as 250m. Default: as planned; 250m for Redis. */
  cpu?: string;
  /** CPU limit, such as 2. Refused for Redis. Default: as planned; none for servers and Redis. */
  cpuLimit?: string;
}

/** How containers get the limit of open files that the plan needs. */
export interface NofileArgs {
  /** Verify: the process checks the limit that it has. NriAnnotation: annotations ask the NRI plugin ulimit-adjuster to set it. Default: Verify. */
  mode?: NofileMode;
  /** The hard limit of open files that containers have on these nodes. No pod is planned above it. Default: 524288. */
  ceiling?: number;
  /** What a process does if its limit is below the plan. Default: enforce. */
  shortage?: NofileShortage;
}

/** Kubernetes' PodTemplateSpec, each member of which may be left out. */
export interface PodTemplate {
  metadata?: k8s.types.input.meta.v1.ObjectMeta;
  spec?: Partial<k8s.types.input.core.v1.PodSpec>;
}

/** Pods by their labels, or a range of addresses. */
export interface PeerArgs {
  /** Labels of the namespaces of the pods. Default: every namespace. */
  namespaceLabels?: Record<string, string>;
  /** Labels of the pods. Default: every pod of the namespaces. */
  podLabels?: Record<string, string>;
  /** A range of addresses, such as 10.0.0.0/8, instead of labels. Default: none. */
  cidr?: string;
}

/** Where pods may connect to. */
export interface DestinationArgs extends PeerArgs {
  /** The TCP ports of the pods or addresses. Default: every port and protocol. */
  ports?: number[];
}

/** Who may reach the pods over the network, and what they may reach. */
export interface NetworkPolicyArgs {
  /** Whether to create NetworkPolicies. Default: true. */
  enabled?: boolean;
  /** Labels of the namespaces that clients run in. Default: from everywhere. */
  clientNamespaces?: Record<string, string>;
  /** Clients in addition to the gateways of the fleet. A gateway that names some admits no others. Default: none. */
  clients?: PeerArgs[];
  /** Destinations in addition to those that the arguments name. The pods of a server reach these and DNS only. Default: none; pods of a server reach everything but metadata services and link-local addresses. */
  egress?: DestinationArgs[];
}

/** The service account that pods run as. */
export interface ServiceAccountArgs {
  /** Whether to create it. Default: true. */
  create?: boolean;
  /** Its name. Required without create. Default: that of the workload. */
  name?: Input<string>;
  /** Its annotations, which give the pods rights in a cloud: eks.amazonaws.com/role-arn, iam.gke.io/gcp-service-account. Default: none. */
  annotations?: Record<string, Input<string>>;
}

/** The risks of any workload that are taken, each with its reason. */
export interface AcceptRisksArgs {
  /** Why something may be deployed below the plan. Default: none, and less than planned is refused. */
  belowPlan?: string;
}

/** The risks of gateways and proxies that are taken, each with its reason. Policies are silent about them. */
export interface ProcessRisksArgs extends AcceptRisksArgs {
  /** Why everyone may call who reaches it from outside the cluster. Default: none. */
  openGateway?: string;
  /** Why a Cedar policy may permit every client every tool. Default: none. */
  wildcardPermits?: string;
  /** Why keys, metadata or introspection of an issuer may come over http. Default: none. */
  httpIssuers?: string;
  /** Why an issuer may be at private and loopback addresses. Default: none. */
  privateIssuers?: string;
  /** Why secrets and tokens may go to a token endpoint over http. Default: none. */
  httpTokenEndpoints?: string;
  /** Why backends may get the Authorization header of clients; without it, passthroughHeaders must not name it. Default: none. */
  authorizationPassthrough?: string;
}

/** Arguments that all components share. */
export interface WorkloadArgs {
  /** The name of its Kubernetes resources, and so of addresses and the default key prefix: at most 40 lowercase letters, digits and dashes. A change replaces them. Default: the name in Pulumi. */
  name?: string;
  /** The namespace of all resources. Default: default. */
  namespace?: Input<string>;
  /** Whether pods should (Preferred) or must (Required) run on different nodes. Default: Preferred; Required for Redis. */
  spread?: Spread;
  /** Changes to the pods, as Kubernetes' PodTemplateSpec: docs/components/pod-template.md. Default: none. */
  podTemplate?: PodTemplate;
  /** Which clients may reach the pods. */
  networkPolicy?: NetworkPolicyArgs;
  /** Labels of every resource that the component makes, in addition to its own. Those of pods are in podTemplate. Default: none. */
  labels?: Record<string, Input<string>>;
  /** Annotations of every resource that the component makes, in addition to its own. Those of pods are in podTemplate. Default: none. */
  annotations?: Record<string, Input<string>>;
  /** The risks that are taken, each with its reason, which is shown in every preview and kept in the facts. Default: none. */
  acceptRisks?: AcceptRisksArgs;
  /** The old name of acceptRisks.belowPlan. Default: none. */
  acceptRisk?: string;
}
