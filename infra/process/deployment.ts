import * as k8s from "@pulumi/kubernetes";
import type { Input } from "@pulumi/pulumi";
import { NofileMode } from "../arguments/choices.ts";
import { annotations } from "../facts.ts";
import { LEFT_TO_AUTOSCALER } from "../pods/autoscaler.ts";
import { nofileAnnotations } from "../pods/nofile-annotations.ts";
import { podTemplate } from "../pods/pod-template.ts";
import { customTimeouts } from "../pods/timeouts.ts";
import { transformed } from "../transform.ts";
import { container, type Mounts, volumes } from "./container.ts";
import { labelsOf, logicalNameOf, nameOf, type ProcessSpec, selectorOf } from "./process-spec.ts";

/** The pods of a gateway or proxy. A new pod is ready before an old one is stopped. */
export function deployment(
  spec: ProcessSpec,
  mounts: Mounts,
  serviceAccountName: Input<string>,
): k8s.apps.v1.Deployment {
  const { parent, plan, size, facts, workload, transform } = spec;
  const name = nameOf(spec);
  const labels = labelsOf(spec);
  const opts = {
    parent,
    // New pods read the new file.
    dependsOn: [mounts.configuration.configMap],
    customTimeouts: customTimeouts(plan.grace, size.graceSeconds),
    ...(plan.autoscaling && LEFT_TO_AUTOSCALER),
  };
  const asksForNofile = spec.process.nofile?.mode === NofileMode.NriAnnotation;
  const args: k8s.apps.v1.DeploymentArgs = {
    metadata: { name, namespace: spec.namespace, labels, annotations: annotations(facts) },
    spec: {
      replicas: size.replicas,
      selector: { matchLabels: selectorOf(spec) },
      progressDeadlineSeconds: size.progressDeadlineSeconds,
      strategy: strategy(spec),
      template: podTemplate({
        labels: { ...labels, ...spec.podLabels },
        selector: selectorOf(spec),
        annotations: {
          ...(asksForNofile && nofileAnnotations(spec.role, plan.requiredNofile.value)),
          ...mounts.configuration.annotations,
        },
        workload,
        graceSeconds: size.graceSeconds,
        serviceAccountName,
        containers: [container(spec, mounts)],
        volumes: volumes(mounts),
        surges: true,
      }),
    },
  };
  return new k8s.apps.v1.Deployment(
    logicalNameOf(spec),
    transformed(transform?.deployment?.bind(transform), args, opts),
    opts,
  );
}

/** With sessions in the memory of one pod, there must never be two pods, not even during a rollout. */
function strategy({ storage }: ProcessSpec): k8s.types.input.apps.v1.DeploymentStrategy {
  if (storage === undefined) return { type: "Recreate" };
  return { type: "RollingUpdate", rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } };
}
