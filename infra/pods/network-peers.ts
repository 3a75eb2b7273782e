import { isCidr, isPort, MAX_PORT } from "@mcp-fleet/contract/settings";
import type * as k8s from "@pulumi/kubernetes";
import type { DestinationArgs, NetworkPolicyArgs, PeerArgs } from "../arguments/pod-args.ts";
import type { ArgumentFault } from "../faults/argument-faults.ts";

type Peer = k8s.types.input.networking.v1.NetworkPolicyPeer;
type Rule = k8s.types.input.networking.v1.NetworkPolicyEgressRule;

/** The cluster's DNS, wherever it is: on some clusters at a link-local address of the node. */
export const DNS: Rule = {
  ports: [
    { port: 53, protocol: "UDP" },
    { port: 53, protocol: "TCP" },
  ],
};

/** Every address outside the cluster, but not those at which machines and clouds give out credentials to whoever asks. */
export const ELSEWHERE: readonly Peer[] = [
  { ipBlock: { cidr: "0.0.0.0/0", except: ["169.254.0.0/16", "100.100.100.200/32"] } },
  { ipBlock: { cidr: "::/0", except: ["fe80::/10", "fd00:ec2::254/128"] } },
];

/** Every pod of a namespace. */
export const namespacePeer = (name: string): Peer => ({
  namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": name } },
});

/** Every pod of the cluster. */
export const EVERY_POD: Peer = { namespaceSelector: {} };

/** The pods of Prometheus, as its operator labels them, in whatever namespace. */
const PROMETHEUS: PeerArgs = { podLabels: { "app.kubernetes.io/name": "prometheus" } };

/** Who scrapes metrics. */
export const scrapers = (named: readonly PeerArgs[] = [PROMETHEUS]): Peer[] => named.map(peer);

/** Some pods, or a range of addresses. */
export function peer({ namespaceLabels = {}, podLabels, cidr }: PeerArgs): Peer {
  if (cidr !== undefined) return { ipBlock: { cidr } };
  const namespaces =
    Object.keys(namespaceLabels).length === 0 ? {} : { matchLabels: namespaceLabels };
  return {
    namespaceSelector: namespaces,
    ...(podLabels && { podSelector: { matchLabels: podLabels } }),
  };
}

/** The clients that the user names. */
export const furtherClients = (policy: NetworkPolicyArgs = {}): Peer[] =>
  (policy.clients ?? []).map(peer);

/** Where the user lets pods connect to. */
export function destinationRules(destinations: readonly DestinationArgs[] = []): Rule[] {
  return destinations.map(({ ports, ...to }) => ({
    ...(ports && { ports: ports.map((port) => ({ port, protocol: "TCP" })) }),
    to: [peer(to)],
  }));
}

/** The faults of the peers of a policy. */
export function networkPolicyFaults({ clients, egress = [] }: NetworkPolicyArgs): ArgumentFault[] {
  const ports = egress.flatMap(({ ports: some = [] }, index) =>
    some
      .filter((port) => !isPort(port))
      .map((port) => ({
        path: `networkPolicy.egress[${index}].ports`,
        value: port,
        rule: `must be whole numbers from 1 to ${MAX_PORT}`,
        fix: "correct the number",
      })),
  );
  return [
    ...peerFaults("networkPolicy.clients", clients),
    ...peerFaults("networkPolicy.egress", egress),
    ...ports,
  ];
}

/** The faults of a list of peers at a path. */
export function peerFaults(path: string, peers: readonly PeerArgs[] = []): ArgumentFault[] {
  return peers.flatMap(({ namespaceLabels, podLabels, cidr }, index) => {
    const at = `${path}[${index}]`;
    const isLabelled = namespaceLabels !== undefined || podLabels !== undefined;
    if (isLabelled === (cidr !== undefined)) {
      const rule = "must have either labels or cidr";
      return [
        { path: at, rule, fix: isLabelled ? "remove cidr, or the labels" : "set cidr or labels" },
      ];
    }
    if (cidr === undefined || isCidr(cidr)) return [];
    const rule = "must be a range of addresses such as 10.0.0.0/8";
    return [
      {
        path: `${at}.cidr`,
        value: cidr,
        rule,
        fix: "write an address, a slash and the length of the prefix",
      },
    ];
  });
}
