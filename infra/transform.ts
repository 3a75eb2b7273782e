import type * as k8s from "@pulumi/kubernetes";
import type { CustomResourceOptions } from "@pulumi/pulumi";

/**
 * The last word on one child: gets what the component would create, and its options, and gives what is created.
 * What contradicts the facts is found by the policies.
 */
export type Transform<Args> = (args: Args, opts: CustomResourceOptions) => Args;

// Methods and no properties of that type: what makes the package's schema out of arguments leaves methods out, as
// functions are no values for other languages.

/** The children of a gateway or proxy that may be transformed. */
export interface ProcessTransforms {
  deployment?(
    args: k8s.apps.v1.DeploymentArgs,
    opts: CustomResourceOptions,
  ): k8s.apps.v1.DeploymentArgs;
  service?(args: k8s.core.v1.ServiceArgs, opts: CustomResourceOptions): k8s.core.v1.ServiceArgs;
  disruptionBudget?(
    args: k8s.policy.v1.PodDisruptionBudgetArgs,
    opts: CustomResourceOptions,
  ): k8s.policy.v1.PodDisruptionBudgetArgs;
  autoscaler?(
    args: k8s.autoscaling.v2.HorizontalPodAutoscalerArgs,
    opts: CustomResourceOptions,
  ): k8s.autoscaling.v2.HorizontalPodAutoscalerArgs;
  networkPolicy?(
    args: k8s.networking.v1.NetworkPolicyArgs,
    opts: CustomResourceOptions,
  ): k8s.networking.v1.NetworkPolicyArgs;
}

/** The children of an MCP server that may be transformed; those of its proxies are under proxy. */
export interface McpServerTransforms {
  statefulSet?(
    args: k8s.apps.v1.StatefulSetArgs,
    opts: CustomResourceOptions,
  ): k8s.apps.v1.StatefulSetArgs;
  service?(args: k8s.core.v1.ServiceArgs, opts: CustomResourceOptions): k8s.core.v1.ServiceArgs;
  disruptionBudget?(
    args: k8s.policy.v1.PodDisruptionBudgetArgs,
    opts: CustomResourceOptions,
  ): k8s.policy.v1.PodDisruptionBudgetArgs;
  networkPolicy?(
    args: k8s.networking.v1.NetworkPolicyArgs,
    opts: CustomResourceOptions,
  ): k8s.networking.v1.NetworkPolicyArgs;
  /** The children of its proxies. */
  proxy?: ProcessTransforms;
}

/** The children of a RedisSentinel that may be transformed. */
export interface RedisTransforms {
  servers?(
    args: k8s.apps.v1.StatefulSetArgs,
    opts: CustomResourceOptions,
  ): k8s.apps.v1.StatefulSetArgs;
  sentinels?(
    args: k8s.apps.v1.StatefulSetArgs,
    opts: CustomResourceOptions,
  ): k8s.apps.v1.StatefulSetArgs;
}

/** What is created: what the transform makes of it, where there is one. */
export function transformed<Args>(
  transform: Transform<Args> | undefined,
  args: Args,
  opts: CustomResourceOptions,
): Args {
  return transform === undefined ? args : transform(args, opts);
}
