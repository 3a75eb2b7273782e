import * as k8s from "@pulumi/kubernetes";
import { WorkloadKind } from "../arguments/choices.ts";
import { transformed } from "../transform.ts";
import { kindOf, labelsOf, type ServerSpec, selectorOf, serverName } from "./server-spec.ts";

/**
 * Publishes the addresses of a server's pods. Those of a StatefulSet are there ready or not: a pod that is briefly unready
 * still holds its sessions. Of a Deployment, whose pods start beside those that they replace, only the ready ones are.
 */
export function headlessService(spec: ServerSpec): k8s.core.v1.Service {
  const { parent, logicalName, instance, namespace, port, args: user } = spec;
  const name = serverName(instance);
  const opts = { parent };
  const args: k8s.core.v1.ServiceArgs = {
    metadata: { name, namespace, labels: labelsOf(spec) },
    spec: {
      clusterIP: "None",
      publishNotReadyAddresses: kindOf(spec) === WorkloadKind.StatefulSet,
      selector: selectorOf(spec),
      ports: [{ name: "mcp", port, targetPort: "mcp" }],
    },
  };
  const { transform } = user;
  return new k8s.core.v1.Service(
    serverName(logicalName),
    transformed(transform?.service?.bind(transform), args, opts),
    opts,
  );
}
