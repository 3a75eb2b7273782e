import { withFacts } from "../examples/edit.ts";
import { gatewayStack, proxyStack } from "../examples/gateway.ts";
import { policy } from "../policy.ts";
import type { Fleet } from "../stack/fleet.ts";
import type { ResourceDescription } from "../stack/resource.ts";
import type { Workload } from "../stack/workload.ts";
import { StoreAddress } from "./store-address.ts";

export const shardCapacity = policy({
  name: "shard-capacity",
  level: "mandatory",
  rule: "Where sessions are in a Redis Cluster, each shard is sized for all workloads that use the cluster.",
  prevents:
    "All keys of a gateway are on one shard, and chance puts several workloads on the same one: it is full while others are empty, and new sessions fail",
  source:
    "Hash tags of the Redis Cluster specification, and docs/decisions/0026-a-role-is-on-one-shard.md",
  remediation:
    "Size each shard for the sum (mcp-fleet plan --store cluster), and set sessions and clientPods of sessionStorage to that.",
  examples: {
    passes: clusterStack({ storeSessions: 2000, storeClientPods: 8 }),
    fails: clusterStack({ storeSessions: 1000, storeClientPods: 8 }),
    says: "sized for 1,000 sessions, but the workloads that may be on the same one have 2,000",
  },
  subjects: ({ processes }) => processes.filter(({ facts }) => facts.text("store") === "cluster"),
  *judge(workload, fleet) {
    const { facts } = workload;
    const users = fleet.processes.filter((other) => sharesCluster(workload, other, fleet));
    const sums = [
      ["storeSessions", "sessions", sumOf(users, (user) => user.facts.number("sessions"))],
      ["storeClientPods", "clientPods", sumOf(users, (user) => user.maxReplicas)],
    ] as const;
    for (const [fact, argument, sum] of sums) {
      if (!facts.has(fact) || facts.number(fact) >= sum) continue;
      const what = argument === "sessions" ? "sessions" : "pods";
      yield `each shard is sized for ${textOf(facts.number(fact))} ${what}, but the workloads that may be on the same one have ${textOf(sum)}; size it for these, and set ${argument} of sessionStorage to ${sum}`;
    }
  },
});

function sharesCluster(one: Workload, other: Workload, fleet: Fleet): boolean {
  if (one.resource === other.resource) return true;
  if (other.facts.text("store") !== "cluster") return false;
  const known = placesOf(one, fleet);
  return placesOf(other, fleet).some((place) => known.includes(place));
}

function placesOf({ facts, resource }: Workload, fleet: Fleet): readonly string[] {
  return facts
    .list("storeAddresses")
    .map((text) => new StoreAddress(text, resource.namespace).canonical(fleet));
}

const sumOf = (users: readonly Workload[], of: (user: Workload) => number): number =>
  users.reduce((sum, user) => sum + of(user), 0);

const textOf = (value: number): string => value.toLocaleString("en-US");

/** A gateway and the proxies of a server over one cluster, whose shards were sized for this. */
function clusterStack(sized: {
  readonly storeSessions: number;
  readonly storeClientPods: number;
}): ResourceDescription[] {
  const storeAddresses = ["clustercfg.sessions.example.com:6379"];
  const store = "cluster";
  return [
    ...withFacts(gatewayStack({ store }), "Deployment eng-gateway", {
      ...sized,
      storeAddresses,
      keyPrefix: "{mcp-fleet:eng}:",
    }),
    ...withFacts(proxyStack({ store }), "Deployment github-proxy", {
      ...sized,
      storeAddresses,
      keyPrefix: "{mcp-fleet:github:proxy:github}:",
    }),
  ];
}
