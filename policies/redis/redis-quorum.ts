import { edited } from "../examples/edit.ts";
import { redisStack } from "../examples/redis.ts";
import { policy } from "../policy.ts";
import type { Fact } from "../stack/facts.ts";
import type { Fleet } from "../stack/fleet.ts";
import { Unjudgeable } from "../stack/unjudgeable.ts";
import type { Workload } from "../stack/workload.ts";
import { environmentOf } from "./command.ts";
import { RedisConf } from "./redis-conf.ts";
import { Store } from "./store.ts";

export const redisQuorum = policy({
  name: "redis-quorum",
  level: "mandatory",
  rule: "A store has a master with two replicas, and an odd number of Sentinels, three or more, whose majority decides.",
  prevents:
    "Two halves of a cluster have a master each and one of them is forgotten, or nobody may replace the one that is lost",
  source:
    "Redis' documentation of Sentinel asks for three and more, and for a majority to fail over; with one replica, its restart refuses every write (min-replicas-to-write 1)",
  remediation: "Write 3 replicas for servers and Sentinels each, and a quorum of 2.",
  settings: {
    leastServers: {
      type: "integer",
      default: 3,
      about: "The least servers of a store, its master included.",
    },
  },
  examples: {
    passes: redisStack(),
    fails: edited(redisStack(), "StatefulSet sessions-sentinel", { "spec.replicas": 2 }),
    says: "2 Sentinels: write an odd number, 3 or more",
  },
  subjects: (fleet) => fleet.workloadsOf("redis", "sentinel"),
  *judge(workload, fleet, { leastServers }) {
    if (workload.role === "redis") yield* serverFaults(workload, fleet, leastServers);
    else yield* sentinelFaults(workload, fleet);
  },
});

/** What Kubernetes takes where nobody says. */
const replicasOf = (workload: Workload): number => workload.replicas ?? 1;

function* serverFaults(servers: Workload, fleet: Fleet, least: number): Iterable<string> {
  const replicas = replicasOf(servers);
  if (replicas < least) {
    yield `${replicas} servers: write ${least} or more, so that one may be away while another confirms`;
  }
  yield* countFaults(servers, "servers", replicas);
  if (new Store(servers, fleet).sentinels.length === 0) {
    yield "no Sentinels watch it, so that a lost master stays lost: write a StatefulSet of 3 with the annotation mcp-fleet.dev/role: sentinel";
  }
}

function* sentinelFaults(sentinels: Workload, fleet: Fleet): Iterable<string> {
  const replicas = replicasOf(sentinels);
  if (replicas < 3 || replicas % 2 === 0) {
    yield `${replicas} Sentinels: write an odd number, 3 or more`;
  }
  yield* countFaults(sentinels, "sentinels", replicas);
  const majority = Math.floor(replicas / 2) + 1;
  for (const quorum of quorumsOf(sentinels, fleet)) {
    if (quorum >= majority && quorum <= Math.max(majority, replicas - 1)) continue;
    yield `a quorum of ${quorum} of ${replicas} Sentinels: write ${majority}, their majority, which they reach with one of them lost`;
  }
}

function* countFaults({ facts }: Workload, fact: Fact, replicas: number): Iterable<string> {
  if (!facts.has(fact) || facts.number(fact) === replicas) return;
  yield `spec.replicas is ${replicas}, and the annotation mcp-fleet.dev/${fact} says ${facts.number(fact)}: write the same`;
}

/** Of each master: in the configuration, or told to the start script. */
function quorumsOf(sentinels: Workload, fleet: Fleet): number[] {
  const monitored = [...RedisConf.of(sentinels, fleet).sentinel("monitor").values()];
  const { QUORUM: told } = environmentOf(sentinels.container);
  const texts = monitored.map(([, , quorum]) => quorum);
  if (texts.length === 0 && told) texts.push(told);
  if (texts.length > 0) return texts.map(Number);
  const fix = "write sentinel monitor <master> <host> <port> 2";
  throw Unjudgeable.missing("the line sentinel monitor in sentinel.conf", fix);
}
