import { BlockList, isIP } from "node:net";
import type { Fields } from "./fields.ts";
import type { Fleet } from "./fleet.ts";
import type { Resource } from "./resource.ts";
import type { Workload } from "./workload.ts";

/** Where clouds give out credentials of the machine. */
const METADATA = "169.254.169.254";

/** The NetworkPolicies for a workload's pods in a direction. Where there is none, everything may pass. */
export function networkPoliciesOf(
  workload: Workload,
  fleet: Fleet,
  direction: "Ingress" | "Egress",
): readonly Resource[] {
  return fleet
    .selecting(workload, "NetworkPolicy", "spec.podSelector")
    .filter(({ fields }) => isFor(fields.at("spec"), direction));
}

/** By default of Kubernetes, a NetworkPolicy is for ingress, and for egress where it has rules for that. */
function isFor(spec: Fields, direction: "Ingress" | "Egress"): boolean {
  const types = spec.at("policyTypes").items();
  if (types.length > 0) return types.some((type) => type.text() === direction);
  return direction === "Ingress" || spec.at("egress").items().length > 0;
}

/** What rules may call ports of a container: their numbers, and their names. */
export function namesOfPorts(ports: readonly Fields[]): (number | string | undefined)[] {
  return ports.flatMap((port) => [port.at("containerPort").number(), port.at("name").text()]);
}

/** Whether a rule is for one of these ports, given as numbers or names. */
export function coversPort(rule: Fields, own: ReadonlySet<number | string | undefined>): boolean {
  const ports = rule.at("ports").items();
  if (ports.length === 0) return true;
  return ports.some((port) => {
    const first = port.at("port").number() ?? port.at("port").text();
    return first === undefined || port.at("endPort").isThere || own.has(first);
  });
}

/** Whether a rule for ingress admits every pod of the cluster, or every address. */
export function admitsEveryone(rule: Fields): boolean {
  const peers = rule.at("from").items();
  return peers.length === 0 || peers.some(isEveryone);
}

function isEveryone(peer: Fields): boolean {
  const block = peer.at("ipBlock.cidr").text();
  if (block !== undefined) return block.endsWith("/0");
  return isAny(peer.at("namespaceSelector")) && !isChosen(peer.at("podSelector"));
}

const isAny = (selector: Fields): boolean => selector.isThere && selector.members().size === 0;

const isChosen = (selector: Fields): boolean => selector.members().size > 0;

/** Whether a rule for egress lets pods reach metadata services without naming them. */
export function reachesMetadata(rule: Fields): boolean {
  if (!coversPort(rule, new Set([80, 443]))) return false;
  const peers = rule.at("to").items();
  if (peers.length === 0) return true;
  return peers.some((peer) => {
    const cidr = peer.at("ipBlock.cidr").text();
    if (cidr === undefined || cidr.startsWith("169.254.") || !contains(cidr)) return false;
    return !peer
      .at("ipBlock.except")
      .items()
      .some((except) => contains(except.text() ?? ""));
  });
}

function contains(cidr: string): boolean {
  const [address = "", length = ""] = cidr.split("/");
  if (isIP(address) !== 4) return false;
  const block = new BlockList();
  block.addSubnet(address, Number(length), "ipv4");
  return block.check(METADATA);
}
