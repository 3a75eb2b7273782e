import type * as k8s from "@pulumi/kubernetes";
import type { CustomResourceOptions } from "@pulumi/pulumi";

/**
 * The escape hatch for one child: takes the arguments that the component would create it with, and returns those to use.
 * Policies report changes that contradict the facts.
 */
export type Transform<Args> = (args: Args, opts: CustomResourceOptions) => Args;

// Methods instead of properties of that type: Pulumi's schema analyzer leaves methods out, and functions are
// not available in other languages.

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
  deployment?(
    args: k8s.apps.v1.DeploymentArgs,
    opts: CustomResourceOptions,
  ): k8s.apps.v1.DeploymentArgs;
  statefulSet?(
    args: k8s.apps.v1.StatefulSetArgs,
    opts: CustomResourceOptions,
  ): k8s.apps.v1.StatefulSetArgs;
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

/** The arguments to create a child with: transformed, if there is a transform. */
export function transformed<Args>(
  transform: Transform<Args> | undefined,
  args: Args,
  opts: CustomResourceOptions,
): Args {
  return transform === undefined ? args : transform(args, opts);
}
