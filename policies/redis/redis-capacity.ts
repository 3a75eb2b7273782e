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
import { withFacts } from "../examples/edit.ts";
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

/** The defaults of Redis: no memory limit, and this many clients. */
const DEFAULTS = { maxmemory: 0, maxclients: 10_000 } as const;

export const redisCapacity = policy({
  name: "redis-capacity",
  level: "mandatory",
  rule: "A store is sized for all workloads that use it, and has that size.",
  prevents:
    "The store is full, or refuses connections, when the fleet reaches its declared load: new sessions fail in every gateway at once",
  source:
    "The plan of docs/capacity.md; ToolHive's pods hold up to 1,000 sessions each (pkg/vmcp/server/sessionmanager/factory.go)",
  remediation:
    "Raise sessions and clientPods of the RedisSentinel to the sum of all workloads that use it. In manifests of your own, raise the annotations and the sizes that follow from them.",
  examples: {
    passes: [...gatewayStack(), ...redisStack()],
    fails: [
      ...gatewayStack(),
      ...withFacts(redisStack(), "StatefulSet sessions-redis", { sessions: 900 }),
    ],
    says: "sized for 900 sessions, but its users have 1,000 (Deployment eng-gateway 1,000)",
  },
  subjects: (fleet) => fleet.workloadsOf("redis"),
  *judge(servers, fleet) {
    const users = usersOf(new Store(servers, fleet), fleet);
    yield* loadFaults(servers, users);
    // Accepted risks are reported by another policy.
    if (!servers.acceptsRisk) yield* sizeFaults(servers, fleet, users);
  },
});

/** Compares the load of all users with the load that the store was sized for. */
function* loadFaults({ facts }: Workload, users: readonly StoreUser[]): Iterable<string> {
  const sessions = facts.number("sessions");
  const storageSessions = facts.number("storageSessions");
  const clientPods = facts.number("clientPods");
  const allSessions = sumOf(users, (user) => user.sessions);
  const allPods = sumOf(users, (user) => user.pods);
  if (allSessions > sessions) {
    yield `sized for ${amountText(sessions, "sessions")}, but its users have ${numberText(allSessions)} (${listOf(users, (user) => user.sessions)}); set sessions to ${allSessions}`;
  }
  if (allPods > clientPods) {
    yield `sized for ${clientPods} client pods, but its users have up to ${allPods} during rollouts (${listOf(users, (user) => user.pods)}); set clientPods to ${allPods}`;
  }
  if (storageSessions < sessions) {
    yield `its volumes are sized for ${amountText(storageSessions, "sessions")}, but the store for ${numberText(sessions)}; set storageSessions to ${sessions} or more`;
  }
  yield* recordFaults(facts, users, Math.max(sessions, allSessions));
}

/** Compares the size of a session's record with the size that the store was sized for. */
function* recordFaults(facts: Facts, users: readonly StoreUser[], sessions: number) {
  const openedBackends = facts.number("openedBackends");
  const clientBytes = facts.number("clientBytes");
  const opened = sumOf(users, (user) => user.sessions * (user.openedBackends ?? 0));
  const maxBytes = Math.max(0, ...users.map((user) => user.clientBytes ?? 0));
  if (opened > sessions * openedBackends) {
    yield `sized for ${amountText(openedBackends, "backends")} per session, but ${amountText(sessions, "sessions")} of its users open ${numberText(opened)}; set openedBackends to ${Math.ceil(opened / sessions)}`;
  }
  if (maxBytes > clientBytes) {
    yield `sized for initialize parameters of ${amountText(clientBytes, "bytes")} per client, but its users accept ${amountText(maxBytes, "bytes")}; set clientBytes to ${maxBytes}`;
  }
}

type Amount = (user: StoreUser) => number;

const sumOf = (users: readonly StoreUser[], of: Amount): number =>
  users.reduce((sum, user) => sum + of(user), 0);

const listOf = (users: readonly StoreUser[], of: Amount): string =>
  users.map((user) => `${user.title} ${numberText(of(user))}`).join(", ");

const numberText = (value: number): string => value.toLocaleString("en-US");

/** One resource of a server: its actual, declared and needed amount. */
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
      yield `${name} has no limit; set it to ${needed.value}: ${figureText(needed)}`;
    } else if (real < needed.value) {
      yield `${name} is ${text(real)}, but its load needs ${figureText(needed)}; set it to ${needed.value}`;
    }
    if (!servers.facts.has(fact)) continue;
    const declared = servers.facts.number(fact);
    if (declared < needed.value) {
      yield `the annotation ${annotationOf(fact)} is ${text(declared)}, but its load needs ${figureText(needed)}; set it to ${needed.value}`;
    } else if (real !== undefined && real !== declared) {
      yield `${name} is ${text(real)}, but the annotation ${annotationOf(fact)} is ${text(declared)}; use the same value`;
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

/** The plan of the store, computed again from its annotations. */
function neededSize({ facts }: Workload, users: readonly StoreUser[]): StoreSize {
  const load: StoreLoad = {
    sessions: facts.number("sessions"),
    storageSessions: facts.number("storageSessions"),
    clientPods: facts.number("clientPods"),
    openedBackends: facts.number("openedBackends"),
    clientBytes: facts.number("clientBytes"),
    idleTtlSeconds: shortestIdleSeconds(users),
    store: "sentinel",
    // The declared numbers include the sessions of proxies and the pods of rollouts.
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
