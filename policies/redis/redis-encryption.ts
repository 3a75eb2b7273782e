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
  rule: "Connections to servers and Sentinels are encrypted, or a NetworkPolicy says who may connect.",
  prevents: "Any pod of the cluster tries passwords at the store, or reads sessions as they pass",
  source: "Redis' documentation of security: it is to be reached by trusted clients alone",
  remediation:
    "Set tls or leave networkPolicy of the RedisSentinel on; by hand, write a NetworkPolicy that selects the pods.",
  settings: {
    requireTls: {
      type: "boolean",
      default: false,
      about: "Whether connections have to be encrypted, whoever may connect.",
    },
  },
  examples: {
    passes: redisStack(),
    fails: without(redisStack(), "NetworkPolicy sessions-redis"),
    says: "plain connections, and no NetworkPolicy",
  },
  subjects: (fleet) => fleet.workloadsOf("redis", "sentinel"),
  *judge(workload, fleet, { requireTls }) {
    const { facts } = workload;
    if (isEncrypted(workload, fleet)) return;
    if (facts.has("tls") && facts.flag("tls")) {
      yield "the annotation mcp-fleet.dev/tls is true, and neither its configuration has port 0 and a tls-port, nor its start script gets TLS: write them";
    }
    if (requireTls) {
      yield "plain connections, and requireTls is set: write port 0 and a tls-port";
    } else if (!isGuarded(workload, fleet)) {
      yield "plain connections, and no NetworkPolicy says who may connect: write tls, or a NetworkPolicy that selects its pods and names its clients";
    }
  },
});

/** In its configuration, or by the component's start script, which gets the folder of the certificate. */
function isEncrypted(workload: Workload, fleet: Fleet): boolean {
  const { TLS: folder } = environmentOf(workload.container);
  if (folder !== undefined && folder !== "") return true;
  const conf = RedisConf.of(workload, fleet);
  return conf.number("tls-port", 0) > 0 && conf.number("port", 1) === 0;
}

/** Whether there are NetworkPolicies for what comes in, of which none lets everybody in. */
function isGuarded(workload: Workload, fleet: Fleet): boolean {
  const policies = fleet
    .selecting(workload, "NetworkPolicy", "spec.podSelector")
    .filter(({ fields }) => isForIngress(fields.at("spec")));
  const rules = policies.flatMap(({ fields }) => fields.at("spec.ingress").items());
  return policies.length > 0 && !rules.some((rule) => letsEverybodyIn(rule, workload));
}

/** What Kubernetes takes where a policy does not say its types: ingress is always one. */
function isForIngress(spec: Fields): boolean {
  const types = spec.at("policyTypes").items();
  return types.length === 0 || types.some((type) => type.text() === "Ingress");
}

function letsEverybodyIn(rule: Fields, { role, container }: Workload): boolean {
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
  return peers.length === 0 || peers.some(isEverybody);
}

/** Every pod of the cluster, or every address. */
function isEverybody(peer: Fields): boolean {
  const block = peer.at("ipBlock.cidr").text();
  if (block !== undefined) return block.endsWith("/0");
  return isAny(peer.at("namespaceSelector")) && !isChosen(peer.at("podSelector"));
}

const isAny = (selector: Fields): boolean => selector.isThere && selector.members().size === 0;

const isChosen = (selector: Fields): boolean => selector.members().size > 0;
