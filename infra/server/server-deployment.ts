import * as k8s from "@pulumi/kubernetes";
import type { Input } from "@pulumi/pulumi";
import { annotations } from "../facts.ts";
import { LEFT_TO_AUTOSCALER } from "../pods/autoscaler.ts";
import { customTimeouts } from "../pods/timeouts.ts";
import { transformed } from "../transform.ts";
import { serverPods } from "./server-pods.ts";
import { labelsOf, type ServerSpec, selectorOf, serverName } from "./server-spec.ts";

/** The pods of an MCP server that may be any: a new one is ready before an old one is stopped. */
export function serverDeployment(
  spec: ServerSpec,
  serviceAccountName: Input<string>,
): k8s.apps.v1.Deployment {
  const { parent, logicalName, instance, namespace, plan, size, facts, args: user } = spec;
  const { terminationGrace, progressDeadline } = plan.grace;
  const opts = {
    parent,
    customTimeouts: customTimeouts(plan.grace, size.graceSeconds),
    ...(plan.maxReplicas && LEFT_TO_AUTOSCALER),
  };
  const args: k8s.apps.v1.DeploymentArgs = {
    metadata: {
      name: serverName(instance),
      namespace,
      labels: labelsOf(spec),
      annotations: annotations(facts),
    },
    spec: {
      replicas: plan.replicas.value,
      selector: { matchLabels: selectorOf(spec) },
      // A longer grace period makes the successor of a pod wait longer.
      progressDeadlineSeconds:
        progressDeadline.value + Math.max(0, size.graceSeconds - terminationGrace.value),
      strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
      template: serverPods(spec, serviceAccountName, true),
    },
  };
  const { transform } = user;
  return new k8s.apps.v1.Deployment(
    serverName(logicalName),
    transformed(transform?.deployment?.bind(transform), args, opts),
    opts,
  );
}
