import type { Autoscaling } from "@mcp-fleet/contract/capacity";
import * as k8s from "@pulumi/kubernetes";
import { transformed } from "../transform.ts";
import { labelsOf, logicalNameOf, nameOf, type ProcessSpec } from "./process-spec.ts";
import { cpuQuantity } from "./quantity.ts";

/** Sessions move to other pods without loss, but at a cost, so scaling down is slow. */
const SCALE_DOWN_SECONDS = 300;

/** Adds pods before the event loops of the existing ones reach their ceiling; never goes below the plan. */
export function autoscaler(
  spec: ProcessSpec,
  { maxReplicas, targetCpu }: Autoscaling,
): k8s.autoscaling.v2.HorizontalPodAutoscaler {
  const { parent, transform, size } = spec;
  const name = nameOf(spec);
  const opts = { parent };
  const args: k8s.autoscaling.v2.HorizontalPodAutoscalerArgs = {
    metadata: { name, namespace: spec.namespace, labels: labelsOf(spec) },
    spec: {
      scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name },
      minReplicas: size.replicas,
      maxReplicas: maxReplicas.value,
      metrics: [
        {
          type: "Resource",
          resource: {
            name: "cpu",
            target: { type: "AverageValue", averageValue: cpuQuantity(targetCpu.value) },
          },
        },
      ],
      behavior: { scaleDown: { stabilizationWindowSeconds: SCALE_DOWN_SECONDS } },
    },
  };
  return new k8s.autoscaling.v2.HorizontalPodAutoscaler(
    logicalNameOf(spec),
    transformed(transform?.autoscaler?.bind(transform), args, opts),
    opts,
  );
}
