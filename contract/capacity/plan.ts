import type { Fault } from "../faults.ts";
import { IDLE_TTL_SECONDS } from "../settings/settings.ts";
import { CapacityError, planFault } from "./capacity-error.ts";
import { completed } from "./complete-inputs.ts";
import { type CompleteInputs, INPUTS, type PlanInputs } from "./plan-inputs.ts";
import { type ProcessPlan, processPlan } from "./process-plan.ts";
import { maxPods } from "./scaling.ts";
import {
  type CompleteServerLoad,
  completedServer,
  keepsStream,
  pushes,
  type ServerLoad,
  sessionLists,
} from "./server-load.ts";
import { type ServerPlan, serverPlan } from "./server-plan.ts";
import { type StoreSize, storeSize } from "./store-size.ts";

/** The plan of a whole fleet: every figure with its formula, its terms and their sources. */
export interface Plan {
  readonly inputs: CompleteInputs;
  readonly gateways: ProcessPlan;
  /** The given servers, in the given order. */
  readonly servers: readonly PlannedServer[];
  /** Absent with store `memory`. */
  readonly store?: StoreSize;
}

/** One MCP server behind the gateways. */
export interface PlannedServer {
  readonly name: string;
  /** Absent where gateways call the server directly. */
  readonly proxies?: ProcessPlan;
  /** Absent where the server runs elsewhere. */
  readonly pods?: ServerPlan;
}

/** The load of a fleet: `INPUTS` and `SERVER_INPUTS` say what each number means, with its default. */
export interface FleetInputs extends PlanInputs {
  /** Servers with a load of their own; `backends` may count more than these. */
  readonly servers?: readonly ServerLoad[];
}

/**
 * Plans a fleet from its load. Pure: the same inputs give the same plan in the deployer, in
 * the process and in the policy that checks both.
 *
 * @throws {CapacityError} where an input is out of its range, or a ceiling is too low for the load.
 */
export function plan({ servers = [], ...given }: FleetInputs): Plan {
  const faults = [...duplicateNames(servers), ...tooFewBackends(given, servers)];
  if (faults.length > 0) throw new CapacityError(faults);
  const inputs = completed(withServers(given, servers));
  const loads = each(servers, (server) => completedServer(server, inputs));
  const gateways = processPlan(inputs);
  const planned = each(loads, (load) => plannedServer(load, inputs));
  const proxies = planned.flatMap((server) => server.proxies ?? []);
  const gatewayPods = maxPods(inputs, gateways.replicas);
  const proxied = servers.filter((server) => server.proxied);
  return {
    inputs,
    gateways,
    servers: planned,
    ...(inputs.store !== "memory" && {
      store: storeSize({
        ...inputs,
        proxySessions: sessionsAt(proxied, inputs.sessions),
        storageProxySessions: sessionsAt(proxied, inputs.storageSessions),
        clientPods: proxies.reduce((sum, { replicas }) => sum + replicas.value, gatewayPods),
        rollouts: 1 + proxies.length,
      }),
    }),
  };
}

/** The results for all of them; throws the faults of all that cannot be planned at once. */
function each<Given, Result>(all: readonly Given[], work: (one: Given) => Result): Result[] {
  const faults: Fault[] = [];
  const results = all.flatMap((one) => {
    try {
      return [work(one)];
    } catch (error) {
      if (!(error instanceof CapacityError)) throw error;
      faults.push(...error.faults);
      return [];
    }
  });
  if (faults.length > 0) throw new CapacityError(faults);
  return results;
}

/** Plans and faults identify a server by its name. */
function duplicateNames(servers: readonly ServerLoad[]): Fault[] {
  const names = servers.map(({ name }) => name);
  const again = names.filter((name, index) => names.indexOf(name) < index);
  return [...new Set(again)].map((name) => {
    const value = `${names.filter((other) => other === name).length} servers`;
    const rule = "must be a unique name";
    return planFault(["servers", name], value, rule, "rename all but one of them");
  });
}

function tooFewBackends({ backends }: PlanInputs, servers: readonly ServerLoad[]): Fault[] {
  const { length } = servers;
  if (backends === undefined || backends >= length) return [];
  const rule = `must be at least ${length}: as many servers are given`;
  return [planFault(["backends"], backends, rule, "remove it, or raise it")];
}

/** The sessions of these servers together. A server without a number of its own has all sessions of the fleet. */
function sessionsAt(servers: readonly ServerLoad[], ofFleet: number): number {
  return servers.reduce((sum, { sessions = ofFleet }) => sum + sessions, 0);
}

/** Fills in the gateways' inputs that follow from the servers. */
function withServers(given: PlanInputs, servers: readonly ServerLoad[]): PlanInputs {
  if (servers.length === 0) return given;
  const longest = servers.map(({ callTimeoutMaxSeconds = 0 }) => callTimeoutMaxSeconds);
  const { callTimeoutMaxSeconds: usual = INPUTS.callTimeoutMaxSeconds.default } = given;
  const callTimeoutMaxSeconds = Math.max(usual, ...longest);
  return {
    backends: servers.length,
    sessionStreamBackends: servers.filter(pushes).length,
    statefulBackends: servers.filter(keepsStream).length,
    ...sessionLists(servers),
    ...given,
    ...(callTimeoutMaxSeconds > 0 && { callTimeoutMaxSeconds }),
  };
}

function plannedServer(load: CompleteServerLoad, inputs: CompleteInputs): PlannedServer {
  return {
    name: load.name,
    ...(load.proxied && { proxies: processPlan(proxyInputs(load, inputs)) }),
    ...(load.replicas > 0 && { pods: serverPlan(load) }),
  };
}

/**
 * The load of a server's proxies: the share of the fleet's load that is for this backend. Each client counts as if it
 * connected directly. Gateways share connections, so this plans too much rather than too little.
 */
export function proxyInputs(
  { sessions, callTimeoutMaxSeconds, pushes: speaks, stateful }: CompleteServerLoad,
  fleet: CompleteInputs,
): CompleteInputs {
  const share = sessions / fleet.sessions;
  return {
    ...fleet,
    sessions,
    backends: 1,
    openedBackends: 1,
    sessionStreamBackends: speaks ? 1 : 0,
    statefulBackends: stateful && !speaks ? 1 : 0,
    sessionCatalogBytes: 0,
    credentialBytes: 0,
    tokenCacheBytes: 0,
    cachedDecisions: 0,
    programs: 0,
    programBytes: 0,
    auditQueueBytes: 0,
    callsPerSecond: fleet.callsPerSecond * share,
    concurrentCalls: fleet.concurrentCalls * share,
    cacheEntries: sessions,
    callTimeoutMaxSeconds,
    idleTtlSeconds: IDLE_TTL_SECONDS.proxy,
    storageSessions: Math.max(fleet.storageSessions, sessions),
    maxReplicas: 0,
    minReplicas: 1,
  };
}
