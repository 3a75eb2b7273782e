import { without } from "../examples/edit.ts";
import { redisStack } from "../examples/redis.ts";
import { policy } from "../policy.ts";
import type { Fields } from "../stack/fields.ts";
import type { Fleet } from "../stack/fleet.ts";
import type { Workload } from "../stack/workload.ts";
import { environmentOf } from "./command.ts";
import { RedisConf } from "./redis-conf.ts";

const PORTS = { redis: 6379, sentinel: 26379 } as const;

export const redisEncryption = policy({
  name: "redis-encryption",
  level: "mandatory",
  rule: "Connections to servers and Sentinels are encrypted, or a NetworkPolicy restricts who may connect.",
  prevents:
    "Any pod of the cluster can guess passwords of the store, or read sessions on the network",
  source: "The security documentation of Redis: only trusted clients should reach it",
  remediation:
    "Set tls of the RedisSentinel, or keep its networkPolicy enabled. For manifests of your own, add a NetworkPolicy that selects the pods.",
  settings: {
    requireTls: {
      type: "boolean",
      default: false,
      description: "Whether connections must be encrypted, even with a NetworkPolicy",
    },
  },
  examples: {
    passes: redisStack(),
    fails: without(redisStack(), "NetworkPolicy sessions-redis"),
    says: "connections are not encrypted, and no NetworkPolicy",
  },
  subjects: (fleet) => fleet.workloadsOf("redis", "sentinel"),
  *judge(workload, fleet, { requireTls }) {
    const { facts } = workload;
    if (isEncrypted(workload, fleet)) return;
    if (facts.has("tls") && facts.flag("tls")) {
      yield "the annotation mcp-fleet.dev/tls is true, but neither does its configuration have port 0 and a tls-port, nor does its start script get TLS; add one of them";
    }
    if (requireTls) {
      yield "connections are not encrypted, but requireTls is set; set port 0 and a tls-port";
    } else if (!isGuarded(workload, fleet)) {
      yield "connections are not encrypted, and no NetworkPolicy restricts who may connect; set tls, or add a NetworkPolicy that selects its pods and names its clients";
    }
  },
});

/** Whether TLS is set in its configuration, or passed to the component's start script. */
function isEncrypted(workload: Workload, fleet: Fleet): boolean {
  const { TLS: folder } = environmentOf(workload.container);
  if (folder !== undefined && folder !== "") return true;
  const conf = RedisConf.of(workload, fleet);
  return conf.number("tls-port", 0) > 0 && conf.number("port", 1) === 0;
}

/** Whether there are NetworkPolicies for ingress, none of which admits everyone. */
function isGuarded(workload: Workload, fleet: Fleet): boolean {
  const policies = fleet
    .selecting(workload, "NetworkPolicy", "spec.podSelector")
    .filter(({ fields }) => isForIngress(fields.at("spec")));
  const rules = policies.flatMap(({ fields }) => fields.at("spec.ingress").items());
  return policies.length > 0 && !rules.some((rule) => admitsEveryone(rule, workload));
}

/** Whether a NetworkPolicy is for ingress, which is the default of Kubernetes. */
function isForIngress(spec: Fields): boolean {
  const types = spec.at("policyTypes").items();
  return types.length === 0 || types.some((type) => type.text() === "Ingress");
}

function admitsEveryone(rule: Fields, { role, container }: Workload): boolean {
  const ports = rule.at("ports").items();
  const named = container
    .at("ports")
    .items()
    .flatMap((port) => [port.at("containerPort").number(), port.at("name").text()]);
  const own = new Set([...named, role === "sentinel" ? PORTS.sentinel : PORTS.redis]);
  const isOurs = ports.some((port) => {
    const first = port.at("port").number() ?? port.at("port").text();
    return first === undefined || port.at("endPort").isThere || own.has(first);
  });
  if (ports.length > 0 && !isOurs) return false;
  const peers = rule.at("from").items();
  return peers.length === 0 || peers.some(isEveryone);
}

/** Every pod of the cluster, or every address. */
function isEveryone(peer: Fields): boolean {
  const block = peer.at("ipBlock.cidr").text();
  if (block !== undefined) return block.endsWith("/0");
  return isAny(peer.at("namespaceSelector")) && !isChosen(peer.at("podSelector"));
}

const isAny = (selector: Fields): boolean => selector.isThere && selector.members().size === 0;

const isChosen = (selector: Fields): boolean => selector.members().size > 0;
