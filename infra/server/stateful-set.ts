import * as k8s from "@pulumi/kubernetes";
import type { Input } from "@pulumi/pulumi";
import { annotations } from "../facts.ts";
import { LEFT_TO_AUTOSCALER } from "../pods/autoscaler.ts";
import { customTimeouts } from "../pods/timeouts.ts";
import { transformed } from "../transform.ts";
import { serverPods } from "./server-pods.ts";
import { labelsOf, type ServerSpec, selectorOf, serverName } from "./server-spec.ts";

/** The pods of an MCP server. Their names are stable, so a session can be routed to its pod. */
export function statefulSet(
  spec: ServerSpec,
  serviceAccountName: Input<string>,
): k8s.apps.v1.StatefulSet {
  const { parent, logicalName, instance, namespace, plan, size, facts, args: user } = spec;
  const name = serverName(instance);
  const opts = {
    parent,
    customTimeouts: customTimeouts(plan.grace, size.graceSeconds),
    ...(plan.maxReplicas && LEFT_TO_AUTOSCALER),
  };
  const args: k8s.apps.v1.StatefulSetArgs = {
    metadata: { name, namespace, labels: labelsOf(spec), annotations: annotations(facts) },
    spec: {
      replicas: plan.replicas.value,
      serviceName: name,
      podManagementPolicy: "Parallel",
      selector: { matchLabels: selectorOf(spec) },
      template: serverPods(spec, serviceAccountName, false),
    },
  };
  const { transform } = user;
  return new k8s.apps.v1.StatefulSet(
    serverName(logicalName),
    transformed(transform?.statefulSet?.bind(transform), args, opts),
    opts,
  );
}
