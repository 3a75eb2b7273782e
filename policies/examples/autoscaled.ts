import type { ResourceDescription } from "../stack/resource.ts";
import { edited } from "./edit.ts";
import { gatewayStack } from "./gateway.ts";
import { manifest } from "./manifest.ts";

const NAME = "eng-gateway";

/** The gateway of the examples with an autoscaler, from its two pods up to 12. */
export function autoscaledStack(): ResourceDescription[] {
  const gateway = gatewayStack({ maxReplicas: 12 });
  const autoscaler = manifest("autoscaling/v2:HorizontalPodAutoscaler", NAME, {
    spec: {
      scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: NAME },
      minReplicas: 2,
      maxReplicas: 12,
      metrics: [
        {
          type: "Resource",
          resource: { name: "cpu", target: { type: "AverageValue", averageValue: "400m" } },
        },
      ],
    },
  });
  return [...edited(gateway, `Deployment ${NAME}`, { "spec.replicas": undefined }), autoscaler];
}
