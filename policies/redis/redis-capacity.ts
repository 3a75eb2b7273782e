import { annotationOf } from "@mcp-fleet/contract";
import {
  amountText,
  type Figure,
  figureText,
  type StoreLoad,
  type StoreSize,
  storeContainer,
  storeSize,
} from "@mcp-fleet/contract/capacity";
import { possible } from "../capacity/recomputed.ts";
import { told } from "../examples/edit.ts";
import { gatewayStack } from "../examples/gateway.ts";
import { redisStack } from "../examples/redis.ts";
import { policy } from "../policy.ts";
import type { Fact, Facts } from "../stack/facts.ts";
import type { Fields } from "../stack/fields.ts";
import type { Fleet } from "../stack/fleet.ts";
import { quantityOf } from "../stack/quantity.ts";
import type { Workload } from "../stack/workload.ts";
import { RedisConf } from "./redis-conf.ts";
import { Store } from "./store.ts";
import { type StoreUser, shortestIdleSeconds, usersOf } from "./store-users.ts";

/** What Redis takes where nobody says: no limit of memory, and so many clients. */
const DEFAULTS = { maxmemory: 0, maxclients: 10_000 } as const;

export const redisCapacity = policy({
  name: "redis-capacity",
  level: "mandatory",
  rule: "A store is sized for all that keep their sessions in it, and is as large as that asks.",
  prevents:
    "The store is full, or refuses connections, when the fleet comes to what it declares: new sessions get errors in every gateway at once",
  source:
    "The plan of capacity, docs/capacity.md; ToolHive's pods keep up to 1,000 sessions each (pkg/vmcp/server/sessionmanager/factory.go)",
  remediation:
    "Raise sessions and clientPods of the RedisSentinel to the sum of all that use it; by hand, the annotations and what follows from them.",
  examples: {
    passes: [...gatewayStack(), ...redisStack()],
    fails: [
      ...gatewayStack(),
      ...told(redisStack(), "StatefulSet sessions-redis", { sessions: 900 }),
    ],
    says: "for 900 sessions, and those that use it have 1,000: Deployment eng-gateway 1,000",
  },
  subjects: (fleet) => fleet.workloadsOf("redis"),
  *judge(servers, fleet) {
    const users = usersOf(new Store(servers, fleet), fleet);
    yield* loadFaults(servers, users);
    // What is accepted to be below the plan is reported as such.
    if (!servers.acceptsRisk) yield* sizeFaults(servers, fleet, users);
  },
});

/** What all together ask, against what the store was sized for. */
function* loadFaults({ facts }: Workload, users: readonly StoreUser[]): Iterable<string> {
  const sessions = facts.number("sessions");
  const storageSessions = facts.number("storageSessions");
  const clientPods = facts.number("clientPods");
  const allSessions = sumOf(users, (user) => user.sessions);
  const allPods = sumOf(users, (user) => user.pods);
  if (allSessions > sessions) {
    yield `it is for ${amountText(sessions, "sessions")}, and those that use it have ${numberText(allSessions)}: ${listOf(users, (user) => user.sessions)}: write sessions ${allSessions}`;
  }
  if (allPods > clientPods) {
    yield `it is for ${clientPods} client pods, and those that use it have up to ${allPods}, with those of rollouts: ${listOf(users, (user) => user.pods)}: write clientPods ${allPods}`;
  }
  if (storageSessions < sessions) {
    yield `its volumes are for ${amountText(storageSessions, "sessions")}, and it is for ${numberText(sessions)}: write storageSessions ${sessions} or more`;
  }
  yield* recordFaults(facts, users, Math.max(sessions, allSessions));
}

/** What a session's record holds, against what the store was sized for. */
function* recordFaults(facts: Facts, users: readonly StoreUser[], sessions: number) {
  const openedBackends = facts.number("openedBackends");
  const clientBytes = facts.number("clientBytes");
  const opened = sumOf(users, (user) => user.sessions * (user.openedBackends ?? 0));
  const mostBytes = Math.max(0, ...users.map((user) => user.clientBytes ?? 0));
  if (opened > sessions * openedBackends) {
    yield `it is for sessions with ${amountText(openedBackends, "backends")} each, and those that use it open ${numberText(opened)} with ${amountText(sessions, "sessions")}: write openedBackends ${Math.ceil(opened / sessions)}`;
  }
  if (mostBytes > clientBytes) {
    yield `it is for clients that say ${amountText(clientBytes, "bytes")} of themselves, and those that use it take ${amountText(mostBytes, "bytes")}: write clientBytes ${mostBytes}`;
  }
}

type Amount = (user: StoreUser) => number;

const sumOf = (users: readonly StoreUser[], of: Amount): number =>
  users.reduce((sum, user) => sum + of(user), 0);

const listOf = (users: readonly StoreUser[], of: Amount): string =>
  users.map((user) => `${user.title} ${numberText(of(user))}`).join(", ");

const numberText = (value: number): string => value.toLocaleString("en-US");

/** What a server has of one thing: really, as it says, and as it needs. */
interface Part {
  readonly name: string;
  readonly real: number | undefined;
  readonly fact: Fact;
  readonly needed: Figure;
}

function* sizeFaults(servers: Workload, fleet: Fleet, users: readonly StoreUser[]) {
  for (const { name, real, fact, needed } of partsOf(servers, fleet, users)) {
    const text = (value: number): string => amountText(value, needed.unit);
    if (real === undefined) {
      yield `${name} has no limit: write ${needed.value}: ${figureText(needed)}`;
    } else if (real < needed.value) {
      yield `${name} is ${text(real)}, and its load needs ${figureText(needed)}: write ${needed.value}`;
    }
    if (!servers.facts.has(fact)) continue;
    const said = servers.facts.number(fact);
    if (said < needed.value) {
      yield `the annotation ${annotationOf(fact)} is ${text(said)}, and its load needs ${figureText(needed)}: write ${needed.value}`;
    } else if (real !== undefined && real !== said) {
      yield `${name} is ${text(real)}, and the annotation ${annotationOf(fact)} says ${text(said)}: write the same`;
    }
  }
}

function partsOf(servers: Workload, fleet: Fleet, users: readonly StoreUser[]): Part[] {
  const conf = RedisConf.of(servers, fleet);
  const size = neededSize(servers, users);
  const maxMemory = conf.bytes("maxmemory", DEFAULTS.maxmemory);
  const memory = { ...size.memory, value: Math.max(size.memory.value, maxMemory) };
  const claim = dataClaim(servers);
  return [
    {
      name: "maxmemory",
      real: maxMemory === 0 ? undefined : maxMemory,
      fact: "maxMemoryBytes",
      needed: size.memory,
    },
    {
      name: "maxclients",
      real: conf.number("maxclients", DEFAULTS.maxclients),
      fact: "maxClients",
      needed: size.clients,
    },
    {
      name: "the memory limit of its container",
      real: quantityOf(servers.container.at("resources.limits.memory")),
      fact: "containerBytes",
      needed: storeContainer(memory),
    },
    ...(claim
      ? [
          {
            name: "its volume",
            real: quantityOf(claim) ?? 0,
            fact: "volumeBytes" as const,
            needed: size.volume,
          },
        ]
      : []),
  ];
}

/** The plan, computed again from what the store says it is for. */
function neededSize({ facts }: Workload, users: readonly StoreUser[]): StoreSize {
  const load: StoreLoad = {
    sessions: facts.number("sessions"),
    storageSessions: facts.number("storageSessions"),
    clientPods: facts.number("clientPods"),
    openedBackends: facts.number("openedBackends"),
    clientBytes: facts.number("clientBytes"),
    idleTtlSeconds: shortestIdleSeconds(users),
    store: "sentinel",
    // Sessions of proxies and pods of rollouts are among those that it says.
    proxySessions: 0,
    rollouts: 0,
  };
  return possible(() => storeSize(load));
}

/** The size of the volume that the server's container mounts; undefined where there is none. */
function dataClaim({ resource, container }: Workload): Fields | undefined {
  const mounts = container.at("volumeMounts").items();
  const mounted = mounts.map((mount) => mount.at("name").text());
  return resource.fields
    .at("spec.volumeClaimTemplates")
    .items()
    .find((claim) => mounted.includes(claim.at("metadata.name").text()))
    ?.at("spec.resources.requests.storage");
}
