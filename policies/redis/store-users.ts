import { INPUTS } from "@mcp-fleet/contract/capacity";
import { inputsOf } from "../capacity/recomputed.ts";
import type { Fleet } from "../stack/fleet.ts";
import type { ToolHiveServer } from "../stack/toolhive-server.ts";
import { Unjudgeable } from "../stack/unjudgeable.ts";
import type { Workload } from "../stack/workload.ts";
import type { Store } from "./store.ts";

/** The sessions of a ToolHive pod: the size of its cache, which cannot be configured. */
const TOOLHIVE_SESSIONS_PER_POD = 1000;

/** The default maxSurge of a Deployment. */
const DEFAULT_SURGE = "25%";

/** The load that a gateway, a proxy or a custom resource of ToolHive puts on its store. */
export interface StoreUser {
  readonly title: string;
  readonly sessions: number;
  /** The maximum number of its pods, including those of a rollout. */
  readonly pods: number;
  /** Backends per session, size of a client's initialize parameters, and idle TTL, where they are known. */
  readonly openedBackends?: number;
  readonly clientBytes?: number;
  readonly idleTtlSeconds?: number;
}

/** All workloads that keep sessions in a store. */
export function usersOf(store: Store, fleet: Fleet): StoreUser[] {
  const processes = fleet.processes.filter((one) => store.isOf(one)).map(processUser);
  const others = fleet.toolHiveServers.filter(
    ({ sharesSessions, storeAddress, resource }) =>
      sharesSessions &&
      storeAddress !== undefined &&
      store.isAt([storeAddress], resource.namespace),
  );
  return [...processes, ...others.map(toolHiveUser)];
}

function processUser(workload: Workload): StoreUser {
  const { title } = workload.resource;
  return named(title, () => {
    const { sessions, openedBackends, clientBytes, idleTtlSeconds } = inputsOf(workload);
    const pods = workload.maxReplicas + surgeOf(workload);
    return { title, sessions, pods, openedBackends, clientBytes, idleTtlSeconds };
  });
}

function toolHiveUser({ resource, replicas }: ToolHiveServer): StoreUser {
  return {
    title: resource.title,
    sessions: replicas * TOOLHIVE_SESSIONS_PER_POD,
    pods: replicas + surge(DEFAULT_SURGE, replicas),
  };
}

/** The pods that a rollout adds. */
function surgeOf({ resource, maxReplicas }: Workload): number {
  if (resource.kind !== "Deployment") return 0;
  const strategy = resource.fields.at("spec.strategy");
  if (strategy.at("type").text() === "Recreate") return 0;
  const maxSurge = strategy.at("rollingUpdate.maxSurge");
  return surge(maxSurge.number() ?? maxSurge.text() ?? DEFAULT_SURGE, maxReplicas);
}

function surge(maxSurge: number | string, replicas: number): number {
  if (typeof maxSurge === "number") return maxSurge;
  return Math.ceil((replicas * Number.parseFloat(maxSurge)) / 100);
}

/** Adds the name of a user of the store to what cannot be read of it. */
function named<Answer>(title: string, read: () => Answer): Answer {
  try {
    return read();
  } catch (error) {
    if (error instanceof Unjudgeable)
      throw new Unjudgeable(`${title}, which uses it: ${error.message}`);
    throw error;
  }
}

/** The shortest idle TTL of all users: the shorter it is, the more records of ended sessions the store holds. */
export function shortestIdleSeconds(users: readonly StoreUser[]): number {
  const fallback = INPUTS.idleTtlSeconds.default;
  return Math.min(fallback, ...users.map(({ idleTtlSeconds = fallback }) => idleTtlSeconds));
}
