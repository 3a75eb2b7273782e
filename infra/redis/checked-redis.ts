import { figureText, STORAGE_SESSIONS } from "@mcp-fleet/contract/capacity";
import type { Facts } from "../facts.ts";
import { type ArgumentFault, ArgumentFaults } from "../faults/argument-faults.ts";
import { imageFaults, serviceAccountFaults } from "../faults/kubernetes-faults.ts";
import { nameFaults } from "../naming.ts";
import { cpuFaults, sizeFaults, workloadFaults } from "../process/process-faults.ts";
import type { RedisSentinelArgs } from "../redis-sentinel-args.ts";
import { schemaFaults } from "../schema-faults.ts";
import { DEFAULT_ENGINE } from "./images.ts";
import { NODE } from "./pods.ts";
import { Eviction, Persistence } from "./redis-conf.ts";
import { KEY_PREFIX } from "./redis-files.ts";
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
  faults.add(...nameFaults(name), ...schemaFaults(token, args));
  faults.add(...ownFaults(faults.sound(args, LEAST)));
  const sound = faults.sound(args, LEAST);
  const sized = sizeRedis(sound);
  if (sound.acceptRisk === undefined) faults.add(...sized.risks);
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
  return faults;
}

function countFaults(path: string, value: number | undefined): ArgumentFault[] {
  if (value === undefined || (Number.isInteger(value) && value > 0)) return [];
  return [{ path, value, rule: "must be a whole number from 1", fix: "set it to 1 or more" }];
}

function factsOf(args: RedisSentinelArgs, { load, plan, size }: SizedRedis): Facts {
  const { engine = DEFAULT_ENGINE, persistence = Persistence.Aof, acceptRisk } = args;
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
    ...(acceptRisk !== undefined && { acceptRisk }),
  };
}
