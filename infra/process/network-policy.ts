import * as k8s from "@pulumi/kubernetes";
import { furtherClients, scrapers } from "../pods/network-peers.ts";
import { transformed } from "../transform.ts";
import { egress } from "./egress.ts";
import {
  ADMIN_PORT,
  labelsOf,
  logicalNameOf,
  MCP_PORT,
  METRICS_PORT,
  nameOf,
  type ProcessSpec,
  selectorOf,
} from "./process-spec.ts";

type Peer = k8s.types.input.networking.v1.NetworkPolicyPeer;

/**
 * Admits clients to the MCP port, the other pods of the workload to the admin port, and Prometheus to the metrics port.
 * Kubelets are always admitted. Pods reach what their configuration names.
 */
export function networkPolicy(spec: ProcessSpec): k8s.networking.v1.NetworkPolicy {
  const { parent, transform, process } = spec;
  const name = nameOf(spec);
  const opts = { parent };
  const { serviceMonitor = false, from } = process.monitoring ?? {};
  const own = { podSelector: { matchLabels: selectorOf(spec) } };
  const prometheus = serviceMonitor || from !== undefined ? scrapers(from) : [];
  const callers = clients(spec);
  const args: k8s.networking.v1.NetworkPolicyArgs = {
    metadata: { name, namespace: spec.namespace, labels: labelsOf(spec) },
    spec: {
      podSelector: { matchLabels: selectorOf(spec) },
      policyTypes: ["Ingress", "Egress"],
      ingress: [
        { ports: [{ port: MCP_PORT, protocol: "TCP" }], ...(callers && { from: callers }) },
        { ports: [{ port: ADMIN_PORT, protocol: "TCP" }], from: [own] },
        ...(prometheus.length > 0
          ? [{ ports: [{ port: METRICS_PORT, protocol: "TCP" }], from: prometheus }]
          : []),
      ],
      egress: egress(spec),
    },
  };
  return new k8s.networking.v1.NetworkPolicy(
    logicalNameOf(spec),
    transformed(transform?.networkPolicy?.bind(transform), args, opts),
    opts,
  );
}

/** Of a proxy that asks for no tokens, the gateways that call it; otherwise everybody where nobody is named. */
function clients({ callers, workload }: ProcessSpec): Peer[] | undefined {
  const { clientNamespaces, clients: named } = workload.networkPolicy ?? {};
  const further = furtherClients(workload.networkPolicy);
  const namespaceSelector = clientNamespaces ? { matchLabels: clientNamespaces } : {};
  if (callers !== undefined) {
    return [{ namespaceSelector, podSelector: { matchLabels: callers } }, ...further];
  }
  if (clientNamespaces === undefined && named === undefined) return undefined;
  return [...(clientNamespaces ? [{ namespaceSelector }] : []), ...further];
}
