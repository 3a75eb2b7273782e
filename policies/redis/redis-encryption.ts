import { without } from "../examples/edit.ts";
import { redisStack } from "../examples/redis.ts";
import { policy } from "../policy.ts";
import type { Fleet } from "../stack/fleet.ts";
import {
  admitsEveryone,
  coversPort,
  namesOfPorts,
  networkPoliciesOf,
} from "../stack/network-policy.ts";
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
  const { role, container } = workload;
  const policies = networkPoliciesOf(workload, fleet, "Ingress");
  const rules = policies.flatMap(({ fields }) => fields.at("spec.ingress").items());
  const named = namesOfPorts(container.at("ports").items());
  const own = new Set([...named, role === "sentinel" ? PORTS.sentinel : PORTS.redis]);
  return (
    policies.length > 0 && !rules.some((rule) => coversPort(rule, own) && admitsEveryone(rule))
  );
}
