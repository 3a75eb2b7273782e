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
  rule: "A store has a master with two replicas, and an odd number of Sentinels, at least three, whose quorum is their majority.",
  prevents:
    "Each half of a split cluster has a master and the data of one is lost, or no majority can replace a lost master",
  source:
    "The Sentinel documentation of Redis requires at least three, and a majority for a failover; with a single replica, its restart makes the master refuse every write (min-replicas-to-write 1)",
  remediation: "Run 3 servers and 3 Sentinels, with a quorum of 2.",
  settings: {
    minServers: {
      type: "integer",
      default: 3,
      description: "The minimum number of servers of a store, including the master",
    },
  },
  examples: {
    passes: redisStack(),
    fails: edited(redisStack(), "StatefulSet sessions-sentinel", { "spec.replicas": 2 }),
    says: "it has 2 Sentinels; run an odd number of at least 3",
  },
  subjects: (fleet) => fleet.workloadsOf("redis", "sentinel"),
  *judge(workload, fleet, { minServers }) {
    if (workload.role === "redis") yield* serverFaults(workload, fleet, minServers);
    else yield* sentinelFaults(workload, fleet);
  },
});

/** The number of replicas, with the default of Kubernetes. */
const replicasOf = (workload: Workload): number => workload.replicas ?? 1;

function* serverFaults(servers: Workload, fleet: Fleet, min: number): Iterable<string> {
  const replicas = replicasOf(servers);
  if (replicas < min) {
    yield `it has ${replicas} servers; run at least ${min}, so that one may be down while another confirms writes`;
  }
  yield* countFaults(servers, "servers", replicas);
  if (new Store(servers, fleet).sentinels.length === 0) {
    yield "no Sentinels watch it, so a lost master is not replaced; add a StatefulSet of 3 with the annotation mcp-fleet.dev/role: sentinel";
  }
}

function* sentinelFaults(sentinels: Workload, fleet: Fleet): Iterable<string> {
  const replicas = replicasOf(sentinels);
  if (replicas < 3 || replicas % 2 === 0) {
    yield `it has ${replicas} Sentinels; run an odd number of at least 3`;
  }
  yield* countFaults(sentinels, "sentinels", replicas);
  const majority = Math.floor(replicas / 2) + 1;
  for (const quorum of quorumsOf(sentinels, fleet)) {
    if (quorum >= majority && quorum <= Math.max(majority, replicas - 1)) continue;
    yield `its quorum is ${quorum} of ${replicas} Sentinels; set it to ${majority}, their majority, which they also reach with one of them lost`;
  }
}

function* countFaults({ facts }: Workload, fact: Fact, replicas: number): Iterable<string> {
  if (!facts.has(fact) || facts.number(fact) === replicas) return;
  yield `spec.replicas is ${replicas}, but the annotation mcp-fleet.dev/${fact} is ${facts.number(fact)}; use the same value`;
}

/** The quorum of each master, from the configuration or the environment of the start script. */
function quorumsOf(sentinels: Workload, fleet: Fleet): number[] {
  const monitored = [...RedisConf.of(sentinels, fleet).sentinel("monitor").values()];
  const { QUORUM: passed } = environmentOf(sentinels.container);
  const texts = monitored.map(([, , quorum]) => quorum);
  if (texts.length === 0 && passed) texts.push(passed);
  if (texts.length > 0) return texts.map(Number);
  const fix = "add sentinel monitor <master> <host> <port> 2";
  throw Unjudgeable.missing("the line sentinel monitor in sentinel.conf", fix);
}
