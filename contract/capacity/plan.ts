import type { Fault } from "../faults.ts";
import { IDLE_TTL_SECONDS } from "../settings/settings.ts";
import { CapacityError, planFault } from "./capacity-error.ts";
import { completed } from "./complete-inputs.ts";
import { type CompleteInputs, INPUTS, type PlanInputs } from "./plan-inputs.ts";
import { type ProcessPlan, processPlan } from "./process-plan.ts";
import { mostReplicas } from "./scaling.ts";
import {
  type CompleteServerLoad,
  completedServer,
  pushes,
  type ServerLoad,
} from "./server-load.ts";
import { type ServerPlan, serverPlan } from "./server-plan.ts";
import { type StoreSize, storeSize } from "./store-size.ts";

/** What a whole fleet needs: every figure with its formula, its terms and where they come from. */
export interface Plan {
  readonly inputs: CompleteInputs;
  readonly gateways: ProcessPlan;
  /** The servers that were described, in their order. */
  readonly servers: readonly PlannedServer[];
  /** Absent where the store is the gateway's own memory. */
  readonly store?: StoreSize;
}

/** One MCP server behind the gateways. */
export interface PlannedServer {
  readonly name: string;
  /** Absent where gateways call the server itself. */
  readonly proxies?: ProcessPlan;
  /** Absent where the server runs elsewhere. */
  readonly pods?: ServerPlan;
}

/** What a fleet is asked for: `INPUTS` and `SERVER_INPUTS` say what each number means, and its default. */
export interface FleetInputs extends PlanInputs {
  /** Servers that are described one by one; `backends` may count more. */
  readonly servers?: readonly ServerLoad[];
}

/**
 * Everything about a fleet that follows from its load. Pure: the same inputs give the same plan in the deployer, in
 * the process and in the policy that judges both.
 *
 * @throws {CapacityError} where an input is out of its range, or a ceiling does not hold what it must.
 */
export function plan({ servers = [], ...given }: FleetInputs): Plan {
  const faults = [...namesakes(servers), ...tooFewBackends(given, servers)];
  if (faults.length > 0) throw new CapacityError(faults);
  const inputs = completed(withServers(given, servers));
  const loads = each(servers, (server) => completedServer(server, inputs));
  const gateways = processPlan(inputs);
  const planned = each(loads, (load) => plannedServer(load, inputs));
  const proxies = planned.flatMap((server) => server.proxies ?? []);
  const gatewayPods = mostReplicas(inputs, gateways.replicas);
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

/** What follows from each of them; of those that cannot be planned, all faults at once. */
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

/** A name is how a server is found in the answer, and in a fault. */
function namesakes(servers: readonly ServerLoad[]): Fault[] {
  const names = servers.map(({ name }) => name);
  const again = names.filter((name, index) => names.indexOf(name) < index);
  return [...new Set(again)].map((name) => {
    const value = `${names.filter((other) => other === name).length} servers`;
    const rule = "a name of its own for each server";
    return planFault(["servers", name], value, rule, "rename the others");
  });
}

function tooFewBackends({ backends }: PlanInputs, servers: readonly ServerLoad[]): Fault[] {
  const { length } = servers;
  if (backends === undefined || backends >= length) return [];
  const rule = `at least ${length}: the servers that are described`;
  return [planFault(["backends"], backends, rule, "leave it out, or raise it")];
}

/** The sessions of servers together, where those that say nothing have all of the fleet's. */
function sessionsAt(servers: readonly ServerLoad[], ofFleet: number): number {
  return servers.reduce((sum, { sessions = ofFleet }) => sum + sessions, 0);
}

/** What the servers say of the gateways' load, where nothing else does. */
function withServers(given: PlanInputs, servers: readonly ServerLoad[]): PlanInputs {
  if (servers.length === 0) return given;
  const longest = servers.map(({ callTimeoutMaxSeconds = 0 }) => callTimeoutMaxSeconds);
  const { callTimeoutMaxSeconds: usual = INPUTS.callTimeoutMaxSeconds.fallback } = given;
  const callTimeoutMaxSeconds = Math.max(usual, ...longest);
  return {
    backends: servers.length,
    sessionStreamBackends: servers.filter(pushes).length,
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
 * The load of a server's proxies: the fleet's, for this one backend. Each client counts as if it came straight to
 * them; gateways share their connections, so that this is rather too much.
 */
export function proxyInputs(
  { sessions, callTimeoutMaxSeconds, pushes: speaks }: CompleteServerLoad,
  fleet: CompleteInputs,
): CompleteInputs {
  const share = sessions / fleet.sessions;
  return {
    ...fleet,
    sessions,
    backends: 1,
    openedBackends: 1,
    sessionStreamBackends: speaks ? 1 : 0,
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
