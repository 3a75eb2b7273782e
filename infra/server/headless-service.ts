import * as k8s from "@pulumi/kubernetes";
import { transformed } from "../transform.ts";
import { labelsOf, type ServerSpec, selectorOf, serverName } from "./server-spec.ts";

/** Publishes the addresses of a server's pods, ready or not: a pod that is briefly unready still holds its sessions. */
export function headlessService(spec: ServerSpec): k8s.core.v1.Service {
  const { parent, logicalName, instance, namespace, port, args: user } = spec;
  const name = serverName(instance);
  const opts = { parent };
  const args: k8s.core.v1.ServiceArgs = {
    metadata: { name, namespace, labels: labelsOf(spec) },
    spec: {
      clusterIP: "None",
      publishNotReadyAddresses: true,
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
