import { figureText, STORAGE_SESSIONS } from "@mcp-fleet/contract/capacity";
import { acceptedRisks, riskFacts } from "../accepted-risks.ts";
import type { Facts } from "../facts.ts";
import { type ArgumentFault, ArgumentFaults } from "../faults/argument-faults.ts";
import { imageFaults, labelFaults, serviceAccountFaults } from "../faults/kubernetes-faults.ts";
import { cpuFaults, sizeFaults } from "../faults/unit-faults.ts";
import { componentNameFaults, nameFaults } from "../naming.ts";
import { peerFaults } from "../pods/network-peers.ts";
import { workloadFaults } from "../process/process-faults.ts";
import type { RedisSentinelArgs, StoreUserArgs } from "../redis-sentinel-args.ts";
import { schemaFaults } from "../schema-faults.ts";
import { RedisUser } from "./acl.ts";
import { DEFAULT_ENGINE } from "./images.ts";
import { KEY_PREFIX, keySpace } from "./key-space.ts";
import { NODE } from "./pods.ts";
import { Eviction, Persistence } from "./redis-conf.ts";
import { type SizedRedis, sizeRedis } from "./redis-size.ts";
import { REPLICAS } from "./redis-spec.ts";

/** A store with valid arguments, and all that follows from them. */
export interface CheckedRedis {
  readonly sized: SizedRedis;
  readonly facts: Facts;
}

/**
 * Validates the arguments before any resource is registered.
 *
 * @throws {InputPropertiesError} with every fault at once.
 */
export function checkedRedis(token: string, name: string, args: RedisSentinelArgs): CheckedRedis {
  const faults = new ArgumentFaults(`RedisSentinel "${name}"`);
  faults.add(...componentNameFaults(name, args), ...schemaFaults(token, args));
  faults.add(...ownFaults(faults.sound(args, LEAST)));
  const sound = faults.sound(args, LEAST);
  const sized = sizeRedis(sound);
  if (acceptedRisks(sound).belowPlan === undefined) faults.add(...sized.risks);
  faults.throwAny();
  return { sized, facts: factsOf(args, sized) };
}

/** Stands for a required argument that is missing or invalid while the others are judged. */
const LEAST = { sessions: 1 };

function ownFaults(args: RedisSentinelArgs): ArgumentFault[] {
  const { storageSessions = STORAGE_SESSIONS, sessions, tls, resources = {} } = args;
  const faults = [
    ...countFaults("sessions", sessions),
    ...countFaults("storageSessions", args.storageSessions),
    ...countFaults("clientPods", args.clientPods),
    ...countFaults("maxClients", args.maxClients),
    ...sizeFaults(["clientBytes", args.clientBytes]),
    ...sizeFaults(["maxMemory", args.maxMemory]),
    ...sizeFaults(["resources.memory", resources.memory]),
    ...cpuFaults(["resources.cpu", resources.cpu]),
    ...imageFaults(["image", args.image]),
    ...imageFaults(["exporter.image", args.exporter?.image]),
    ...serviceAccountFaults("serviceAccount", args.serviceAccount),
    ...workloadFaults(args),
    ...peerFaults("exporter.from", args.exporter?.from),
    ...labelFaults("exporter.labels", args.exporter?.labels),
  ];
  if (args.openedBackends !== undefined && args.openedBackends < 0) {
    const rule = "must be at least 0";
    const fix = "set it to the number of backends that a session calls";
    faults.push({ path: "openedBackends", value: args.openedBackends, rule, fix });
  }
  if (resources.cpuLimit !== undefined) {
    const rule = "must be absent, because Sentinels take a throttled server for lost";
    faults.push({ path: "resources.cpuLimit", value: resources.cpuLimit, rule, fix: "remove it" });
  }
  if (sessions > storageSessions) {
    const rule = `must be at most storageSessions, which is ${storageSessions}: the volumes have room for that many`;
    const fix = `set storageSessions to ${sessions}; for an existing store, docs/components/redis-sentinel.md says how to grow its volumes`;
    faults.push({ path: "sessions", value: sessions, rule, fix });
  }
  if (tls && (tls.secretName === undefined) === (tls.issuer === undefined)) {
    const rule = "exactly one of secretName and issuer is required";
    const fix = tls.issuer === undefined ? "set one of them" : "remove one of them";
    faults.push({ path: "tls", rule, fix });
  }
  if (tls?.caCertificate !== undefined && tls.caConfigMapRef !== undefined) {
    const rule = "at most one of caCertificate and caConfigMapRef is possible";
    faults.push({ path: "tls", rule, fix: "remove one of them" });
  }
  return [...faults, ...userFaults(args.users ?? [])];
}

/** The prefixes are patterns in ACL rules, so that they hold no wildcard. */
const KEY_SPACE = /^mcp-fleet:[\w.:-]*[\w.-]:$/;

function userFaults(users: readonly StoreUserArgs[]): ArgumentFault[] {
  const taken: ReadonlySet<string> = new Set([...Object.values(RedisUser), "default"]);
  const spaces = users.map(keySpace);
  return users.flatMap(({ name, keyPrefix }, index) => {
    const path = `users[${index}]`;
    const faults = nameFaults(name).map((fault) => ({
      ...fault,
      path: `${path}.name`,
      fix: "choose another name",
    }));
    if (taken.has(name)) {
      const rule = "must not be that of one of the store's own users";
      faults.push({ path: `${path}.name`, value: name, rule, fix: "choose another name" });
    }
    if (users.findIndex((user) => user.name === name) < index) {
      const rule = "must be unique";
      faults.push({ path: `${path}.name`, value: name, rule, fix: "remove one of them" });
    }
    if (keyPrefix !== undefined && !KEY_SPACE.test(keyPrefix)) {
      const rule = `must start with ${KEY_PREFIX}, go on with letters, digits, dots, dashes and colons, and end with a colon`;
      const fix = `set it to ${KEY_PREFIX}${name}:`;
      faults.push({ path: `${path}.keyPrefix`, value: keyPrefix, rule, fix });
    }
    const own = spaces[index]?.keyPrefix ?? "";
    const other = spaces.findIndex(
      (space, at) => at !== index && own.startsWith(space.keyPrefix) && space.name !== name,
    );
    if (other >= 0) {
      const rule = `must not start with that of users[${other}], which is ${spaces[other]?.keyPrefix}`;
      const fix = "give each user keys of its own";
      faults.push({ path: `${path}.keyPrefix`, value: own, rule, fix });
    }
    return faults;
  });
}

function countFaults(path: string, value: number | undefined): ArgumentFault[] {
  if (value === undefined || (Number.isInteger(value) && value > 0)) return [];
  return [{ path, value, rule: "must be a whole number from 1", fix: "set it to 1 or more" }];
}

function factsOf(args: RedisSentinelArgs, { load, plan, size }: SizedRedis): Facts {
  const { engine = DEFAULT_ENGINE, persistence = Persistence.Aof } = args;
  const { eviction = Eviction.NoEviction } = args;
  return {
    role: "redis",
    engine,
    sessions: load.sessions,
    storageSessions: load.storageSessions,
    clientPods: load.clientPods,
    openedBackends: load.openedBackends,
    clientBytes: load.clientBytes,
    servers: REPLICAS,
    sentinels: REPLICAS,
    maxMemoryBytes: size.maxMemoryBytes,
    maxClients: size.maxClients,
    containerBytes: size.containerBytes,
    volumeBytes: size.volumeBytes,
    persistence,
    eviction,
    minReplicasToWrite: 1,
    tls: args.tls !== undefined,
    acl: true,
    keyPrefix: KEY_PREFIX,
    networkPolicy: args.networkPolicy?.enabled ?? true,
    graceSeconds: NODE.graceSeconds,
    arithmetic: { memory: figureText(plan.memory), clients: figureText(plan.clients) },
    ...riskFacts(args),
  };
}
