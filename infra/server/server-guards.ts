import * as k8s from "@pulumi/kubernetes";
import type { WorkloadArgs } from "../arguments/pod-args.ts";
import { callersOf, selectorLabels } from "../naming.ts";
import {
  DNS,
  destinationRules,
  ELSEWHERE,
  EVERY_POD,
  furtherClients,
} from "../pods/network-peers.ts";
import { transformed } from "../transform.ts";
import { backendNameOf } from "./server-address.ts";
import { labelsOf, type ServerSpec, selectorOf, serverName } from "./server-spec.ts";

/** Limits how many pods of a server a node drain may evict at a time. */
export function disruptionBudget(spec: ServerSpec): k8s.policy.v1.PodDisruptionBudget {
  const { parent, logicalName, instance, namespace, plan, args: user } = spec;
  const name = serverName(instance);
  const opts = { parent };
  const args: k8s.policy.v1.PodDisruptionBudgetArgs = {
    metadata: { name, namespace, labels: labelsOf(spec) },
    spec: {
      maxUnavailable: plan.disruption.value,
      unhealthyPodEvictionPolicy: "AlwaysAllow",
      selector: { matchLabels: selectorOf(spec) },
    },
  };
  const { transform } = user;
  return new k8s.policy.v1.PodDisruptionBudget(
    serverName(logicalName),
    transformed(transform?.disruptionBudget?.bind(transform), args, opts),
    opts,
  );
}

/**
 * Admits only the server's proxies, or where it has none the gateways that call it, and whom the user names. Which addresses
 * a server calls is for its user to say.
 */
export function networkPolicy(
  spec: ServerSpec,
  isProxied: boolean,
): k8s.networking.v1.NetworkPolicy {
  const { parent, logicalName, instance, namespace, port, args: user } = spec;
  const name = serverName(instance);
  const opts = { parent };
  const { egress } = user.networkPolicy ?? {};
  const from = isProxied
    ? { podSelector: { matchLabels: selectorLabels(instance, "proxy") } }
    : {
        namespaceSelector: clientNamespaces(user),
        podSelector: { matchLabels: callersOf(backendNameOf(instance, user)) },
      };
  const destinations =
    egress === undefined ? [{ to: [EVERY_POD, ...ELSEWHERE] }] : destinationRules(egress);
  const args: k8s.networking.v1.NetworkPolicyArgs = {
    metadata: { name, namespace, labels: labelsOf(spec) },
    spec: {
      podSelector: { matchLabels: selectorOf(spec) },
      policyTypes: ["Ingress", "Egress"],
      ingress: [
        {
          ports: [{ port, protocol: "TCP" }],
          from: [from, ...furtherClients(user.networkPolicy)],
        },
      ],
      egress: [DNS, ...destinations],
    },
  };
  const { transform } = user;
  return new k8s.networking.v1.NetworkPolicy(
    serverName(logicalName),
    transformed(transform?.networkPolicy?.bind(transform), args, opts),
    opts,
  );
}

/** Any namespace, or those that the user selects. */
function clientNamespaces({ networkPolicy }: WorkloadArgs): k8s.types.input.meta.v1.LabelSelector {
  const matchLabels = networkPolicy?.clientNamespaces;
  return matchLabels === undefined ? {} : { matchLabels };
}
