import * as k8s from "@pulumi/kubernetes";
import type { ComponentResource, Input } from "@pulumi/pulumi";
import type { Labels } from "../naming.ts";
import { type Transform, transformed } from "../transform.ts";

/** Sessions move to other pods without loss, but at a cost, so scaling down is slow. */
const SCALE_DOWN_SECONDS = 300;

/** Everything that an autoscaler is made from. It has the names of its workload. */
export interface AutoscalerSpec {
  readonly parent: ComponentResource;
  readonly logicalName: string;
  readonly name: string;
  readonly namespace: Input<string>;
  readonly labels: Labels;
  readonly kind: "Deployment" | "StatefulSet";
  readonly minReplicas: number;
  readonly maxReplicas: number;
  /** CPU per pod above which it adds one, as a quantity of Kubernetes. */
  readonly targetCpu: string;
  readonly transform: Transform<k8s.autoscaling.v2.HorizontalPodAutoscalerArgs> | undefined;
}

/** Adds pods before the existing ones are busy; never goes below the plan. */
export function autoscaler(spec: AutoscalerSpec): k8s.autoscaling.v2.HorizontalPodAutoscaler {
  const { parent, name, namespace, labels, kind, minReplicas, maxReplicas } = spec;
  const opts = { parent };
  const args: k8s.autoscaling.v2.HorizontalPodAutoscalerArgs = {
    metadata: { name, namespace, labels },
    spec: {
      scaleTargetRef: { apiVersion: "apps/v1", kind, name },
      minReplicas,
      maxReplicas,
      metrics: [
        {
          type: "Resource",
          resource: {
            name: "cpu",
            target: { type: "AverageValue", averageValue: spec.targetCpu },
          },
        },
      ],
      behavior: { scaleDown: { stabilizationWindowSeconds: SCALE_DOWN_SECONDS } },
    },
  };
  return new k8s.autoscaling.v2.HorizontalPodAutoscaler(
    spec.logicalName,
    transformed(spec.transform, args, opts),
    opts,
  );
}

/**
 * What a workload leaves to an autoscaler. It sets the number after the first update; without the field, Kubernetes would
 * set it to 1 at the moment in which the autoscaler takes over.
 */
export const LEFT_TO_AUTOSCALER = { ignoreChanges: ["spec.replicas"] };
