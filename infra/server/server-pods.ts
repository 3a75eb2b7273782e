import type * as k8s from "@pulumi/kubernetes";
import type { Input } from "@pulumi/pulumi";
import { variablesOf } from "../pods/environment.ts";
import { ephemeralStorage } from "../pods/ephemeral-storage.ts";
import { podTemplate, RESTRICTED } from "../pods/pod-template.ts";
import { cpuQuantity, memoryQuantity } from "../process/quantity.ts";
import { labelsOf, type ServerSpec, selectorOf } from "./server-spec.ts";

/**
 * The template of an MCP server's pods.
 *
 * @param surges whether a rollout keeps an old pod while a new one starts.
 */
export function serverPods(
  spec: ServerSpec,
  serviceAccountName: Input<string>,
  surges: boolean,
): k8s.types.input.core.v1.PodTemplateSpec {
  return podTemplate({
    labels: labelsOf(spec),
    selector: selectorOf(spec),
    workload: spec.args,
    graceSeconds: spec.size.graceSeconds,
    serviceAccountName,
    containers: [container(spec)],
    surges,
  });
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
