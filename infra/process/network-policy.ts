import * as k8s from "@pulumi/kubernetes";
import { transformed } from "../transform.ts";
import {
  ADMIN_PORT,
  labelsOf,
  MCP_PORT,
  METRICS_PORT,
  nameOf,
  type ProcessSpec,
  selectorOf,
} from "./process-spec.ts";

/**
 * Admits clients to the MCP port, the other pods of the workload to the admin port, and, where there is a
 * ServiceMonitor, everybody in the cluster to the metrics port. Kubelets are always admitted.
 */
export function networkPolicy(spec: ProcessSpec): k8s.networking.v1.NetworkPolicy {
  const { parent, transform, process, workload } = spec;
  const name = nameOf(spec);
  const opts = { parent };
  const clients = workload.networkPolicy?.clientNamespaces;
  const everywhere = [{ namespaceSelector: {} }];
  const args: k8s.networking.v1.NetworkPolicyArgs = {
    metadata: { name, namespace: spec.namespace, labels: labelsOf(spec) },
    spec: {
      podSelector: { matchLabels: selectorOf(spec) },
      policyTypes: ["Ingress"],
      ingress: [
        {
          ports: [{ port: MCP_PORT, protocol: "TCP" }],
          ...(clients && { from: [{ namespaceSelector: { matchLabels: clients } }] }),
        },
        {
          ports: [{ port: ADMIN_PORT, protocol: "TCP" }],
          from: [{ podSelector: { matchLabels: selectorOf(spec) } }],
        },
        ...(process.monitoring?.serviceMonitor
          ? [{ ports: [{ port: METRICS_PORT, protocol: "TCP" }], from: everywhere }]
          : []),
      ],
    },
  };
  return new k8s.networking.v1.NetworkPolicy(
    name,
    transformed(transform?.networkPolicy?.bind(transform), args, opts),
    opts,
  );
}
