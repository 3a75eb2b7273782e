import * as k8s from "@pulumi/kubernetes";
import { selectorLabels } from "../naming.ts";
import { DNS, destinationRules, furtherClients, scrapers } from "../pods/network-peers.ts";
import { EXPORTER_PORT } from "./exporter.ts";
import { REDIS_PORT, SENTINEL_PORT } from "./pods.ts";
import { labelsOf, partName, type RedisPart, type RedisSpec, selectorOf } from "./redis-spec.ts";

/** Lets a node drain evict one pod of each kind at a time: the others keep the quorum and the data. */
export function disruptionBudget(
  spec: RedisSpec,
  part: RedisPart,
): k8s.policy.v1.PodDisruptionBudget {
  const name = partName(spec.instance, part);
  return new k8s.policy.v1.PodDisruptionBudget(
    partName(spec.logicalName, part),
    {
      metadata: { name, namespace: spec.namespace, labels: labelsOf(spec, part) },
      spec: {
        maxUnavailable: 1,
        unhealthyPodEvictionPolicy: "AlwaysAllow",
        selector: { matchLabels: selectorOf(spec, part) },
      },
    },
    { parent: spec.parent },
  );
}

type Peer = k8s.types.input.networking.v1.NetworkPolicyPeer;

/** Admits gateways, proxies, servers and Sentinels only, and lets servers and Sentinels connect to each other only. */
export function networkPolicy(spec: RedisSpec, part: RedisPart): k8s.networking.v1.NetworkPolicy {
  const name = partName(spec.instance, part);
  const servers: Peer = { podSelector: { matchLabels: selectorOf(spec, "redis") } };
  const sentinels: Peer = { podSelector: { matchLabels: selectorOf(spec, "sentinel") } };
  const own = part === "redis" ? REDIS_PORT : SENTINEL_PORT;
  const tcp = (port: number) => ({ port, protocol: "TCP" });
  const metrics =
    part === "redis" && spec.args.exporter !== undefined
      ? [{ ports: [tcp(EXPORTER_PORT)], from: scrapers(spec.args.exporter.from) }]
      : [];
  return new k8s.networking.v1.NetworkPolicy(
    partName(spec.logicalName, part),
    {
      metadata: { name, namespace: spec.namespace, labels: labelsOf(spec, part) },
      spec: {
        podSelector: { matchLabels: selectorOf(spec, part) },
        policyTypes: ["Ingress", "Egress"],
        ingress: [
          {
            ports: [tcp(own)],
            from: [
              ...clients(spec),
              servers,
              sentinels,
              ...furtherClients(spec.args.networkPolicy),
            ],
          },
          ...metrics,
        ],
        egress: [
          { ports: [tcp(REDIS_PORT)], to: [servers] },
          { ports: [tcp(SENTINEL_PORT)], to: [sentinels] },
          DNS,
          ...destinationRules(spec.args.networkPolicy?.egress),
        ],
      },
    },
    { parent: spec.parent },
  );
}

/** Gateways and proxies of any namespace, or of those that the user selects. */
function clients({ args }: RedisSpec): Peer[] {
  const namespaces = args.networkPolicy?.clientNamespaces;
  const namespaceSelector = namespaces === undefined ? {} : { matchLabels: namespaces };
  return (["gateway", "proxy"] as const).map((part) => {
    const { "app.kubernetes.io/instance": _, ...anyInstance } = selectorLabels("", part);
    return { namespaceSelector, podSelector: { matchLabels: anyInstance } };
  });
}
