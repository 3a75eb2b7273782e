import * as k8s from "@pulumi/kubernetes";
import type { Input } from "@pulumi/pulumi";
import { annotations } from "../facts.ts";
import { variablesOf } from "../pods/environment.ts";
import { ephemeralStorage } from "../pods/ephemeral-storage.ts";
import { podTemplate, RESTRICTED } from "../pods/pod-template.ts";
import { customTimeouts } from "../pods/timeouts.ts";
import { cpuQuantity, memoryQuantity } from "../process/quantity.ts";
import { transformed } from "../transform.ts";
import { labelsOf, type ServerSpec, selectorOf, serverName } from "./server-spec.ts";

/** The pods of an MCP server. Their names are stable, so a session can be routed to its pod. */
export function statefulSet(
  spec: ServerSpec,
  serviceAccountName: Input<string>,
): k8s.apps.v1.StatefulSet {
  const { parent, logicalName, instance, namespace, plan, size, facts, args: user } = spec;
  const name = serverName(instance);
  const opts = { parent, customTimeouts: customTimeouts(plan.grace, size.graceSeconds) };
  const args: k8s.apps.v1.StatefulSetArgs = {
    metadata: { name, namespace, labels: labelsOf(spec), annotations: annotations(facts) },
    spec: {
      replicas: plan.replicas.value,
      serviceName: name,
      podManagementPolicy: "Parallel",
      selector: { matchLabels: selectorOf(spec) },
      template: podTemplate({
        labels: labelsOf(spec),
        selector: selectorOf(spec),
        workload: user,
        graceSeconds: size.graceSeconds,
        serviceAccountName,
        containers: [container(spec)],
        surges: false,
      }),
    },
  };
  const { transform } = user;
  return new k8s.apps.v1.StatefulSet(
    serverName(logicalName),
    transformed(transform?.statefulSet?.bind(transform), args, opts),
    opts,
  );
}

function container({ plan, size, port, args }: ServerSpec): k8s.types.input.core.v1.Container {
  const memory = memoryQuantity(size.memoryBytes);
  const { cpuLimitMillicores } = size;
  return {
    name: "server",
    image: args.image ?? "",
    imagePullPolicy: args.imagePullPolicy ?? "IfNotPresent",
    ...(args.args && { args: args.args }),
    ports: [{ name: "mcp", containerPort: port }],
    env: variablesOf(args),
    resources: {
      // No limit: what an image writes into its own files, only its authors know.
      requests: {
        cpu: cpuQuantity(size.cpuMillicores),
        memory,
        ...ephemeralStorage().requests,
      },
      limits: {
        memory,
        ...(cpuLimitMillicores !== undefined && { cpu: cpuQuantity(cpuLimitMillicores) }),
      },
    },
    ...probes(plan.grace.startup.value),
    lifecycle: { preStop: { sleep: { seconds: plan.grace.preStop.value } } },
    securityContext: RESTRICTED,
    terminationMessagePolicy: "FallbackToLogsOnError",
  };
}

/** MCP has no health endpoint, and a ping needs a session, so probes only check that the port is open. */
function probes(startupSeconds: number): Partial<k8s.types.input.core.v1.Container> {
  const tcpSocket = { port: "mcp" };
  return {
    startupProbe: { tcpSocket, periodSeconds: 1, failureThreshold: startupSeconds },
    readinessProbe: { tcpSocket, periodSeconds: 5, failureThreshold: 2 },
    livenessProbe: { tcpSocket, periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 6 },
  };
}
