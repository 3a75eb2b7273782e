import { Budget } from "./budget.ts";
import { CONSTANTS } from "./constants.ts";
import { type Figure, sum } from "./figure.ts";
import type { CompleteInputs, Store } from "./plan-inputs.ts";
import { MEBIBYTE } from "./pod-size.ts";

/** Volumes come in whole gibibytes. */
const GIBIBYTE = 2 ** 30;

/**
 * The size of a shared store for all pods together. In a cluster it is that of each shard: all keys of a gateway, and all
 * of a server's proxies, are on one, and nothing keeps several of them from being on the same.
 */
export interface StoreSize {
  /** `maxmemory`. */
  readonly memory: Figure;
  /** Request and limit of the store's container. */
  readonly container: Figure;
  /** `maxclients`. */
  readonly clients: Figure;
  /** The volume of each of its pods, for `storageSessions`. */
  readonly volume: Figure;
}

/** The load of a store. */
export interface StoreLoad
  extends Pick<
    CompleteInputs,
    "sessions" | "storageSessions" | "clientBytes" | "openedBackends" | "idleTtlSeconds" | "store"
  > {
  /** Sessions of proxies; each has one backend. */
  readonly proxySessions: number;
  /** The same for the volumes, which allow for growth. Absent: `proxySessions`. */
  readonly storageProxySessions?: number;
  /** Pods that connect to it: gateways and proxies. */
  readonly clientPods: number;
  /** Workloads that may roll out at the same time, each with one extra pod. */
  readonly rollouts: number;
}

/** Sizes the store for a load and its client pods. */
export function storeSize(load: StoreLoad): StoreSize {
  const { sessions, storageSessions, proxySessions, storageProxySessions = proxySessions } = load;
  const memory = storeBudget(load).need(sessions);
  const room = storeBudget({ ...load, proxySessions: storageProxySessions });
  const max = room.need(Math.max(storageSessions, sessions));
  return {
    memory,
    container: storeContainer(memory),
    clients: clients(load),
    volume: volume(max),
  };
}

function storeBudget(load: StoreLoad): Budget {
  const { clientBytes, openedBackends, idleTtlSeconds, proxySessions, store } = load;
  const { recordBytes, recordClass, recordBackendBytes, pinBytes, expiryBytes } = CONSTANTS;
  const {
    recordLinger,
    tombstoneBytes,
    subscriptionBytes,
    unusedBytes,
    storeBytes,
    changesBytes,
    backlogBytes,
    storeReserve,
  } = CONSTANTS;
  const own = recordBytes.value + (clientBytes * recordClass.value) / 100;
  const ownText = `recordBytes ${recordBytes.value} + clientBytes ${clientBytes} × recordClass ${recordClass.value} %`;
  const backends = openedBackends * recordBackendBytes.value;
  const lines = [
    {
      name: "records",
      from: `sessions × (${ownText} + openedBackends ${openedBackends} × recordBackendBytes ${recordBackendBytes.value})`,
      perSession: own + backends,
    },
    {
      name: "subscriptions",
      from: `sessions × max(subscriptionBytes ${subscriptionBytes.value}, unusedBytes ${unusedBytes.value})`,
      perSession: Math.max(subscriptionBytes.value, unusedBytes.value),
    },
    {
      name: "tombstones of ended sessions",
      from: `sessions × (tombstoneBytes ${tombstoneBytes.value} + openedBackends ${openedBackends} × recordBackendBytes ${recordBackendBytes.value}) × recordLinger ${recordLinger.value} s ÷ idleTtl ${idleTtlSeconds} s`,
      perSession: ((tombstoneBytes.value + backends) * recordLinger.value) / idleTtlSeconds,
    },
    {
      name: "expiry sets",
      from: `sessions × expiryBytes ${expiryBytes.value}`,
      perSession: expiryBytes.value,
    },
    {
      name: "records of proxies",
      from: `proxySessions ${proxySessions} × (${ownText} + recordBackendBytes ${recordBackendBytes.value} + pinBytes ${pinBytes.value} + expiryBytes ${expiryBytes.value})`,
      fixed: proxySessions * (own + recordBackendBytes.value + pinBytes.value + expiryBytes.value),
    },
    { name: "changes", from: changesBytes.description, fixed: changesBytes.value },
    {
      name: "backlog",
      from: hasReplicas(store)
        ? backlogBytes.description
        : "0: a store without replicas has no backlog",
      fixed: hasReplicas(store) ? backlogBytes.value : 0,
    },
    { name: "engine", from: storeBytes.description, fixed: storeBytes.value },
  ];
  return new Budget("bytes", lines, { reservePercent: storeReserve.value, step: MEBIBYTE });
}

/** The memory of a server's container, from its `maxmemory`. */
export function storeContainer(memory: Figure): Figure {
  const { storeCopy, storeBuffers } = CONSTANTS;
  return sum("bytes", [
    {
      name: "memory and its copy",
      value: Math.ceil((memory.value * storeCopy.value) / 100 / MEBIBYTE) * MEBIBYTE,
      from: `store memory × storeCopy ${storeCopy.value} %`,
    },
    { name: "buffers", value: storeBuffers.value, from: storeBuffers.description },
  ]);
}

function volume(memory: Figure): Figure {
  const { storeVolume } = CONSTANTS;
  return {
    value: Math.ceil((memory.value * storeVolume.value) / 100 / GIBIBYTE) * GIBIBYTE,
    unit: "bytes",
    formula: "⌈memory for storageSessions × storeVolume⌉",
    terms: [
      {
        name: "memory for storageSessions",
        value: memory.value,
        unit: "bytes",
        from: "the store's memory with storageSessions instead of sessions",
      },
      {
        name: "storeVolume",
        value: storeVolume.value,
        unit: "percent",
        from: storeVolume.description,
      },
    ],
  };
}

function clients({ store, clientPods, rollouts }: StoreLoad): Figure {
  const { surgeReplicas, storeOverlap, storeOwnConnections } = CONSTANTS;
  const perPod = storeConnections(store);
  const surge = rollouts * surgeReplicas.value;
  return sum("connections", [
    {
      name: "gateways and proxies",
      value: (clientPods + surge) * perPod * storeOverlap.value,
      from: `(clientPods ${clientPods} + surgeReplicas ${surge}) × ${perPod} of each × storeOverlap ${storeOverlap.value}`,
    },
    { name: "others", value: storeOwnConnections.value, from: storeOwnConnections.description },
  ]);
}

/** Whether the store has replicas that confirm what its master says. */
function hasReplicas(store: Store): boolean {
  return store === "sentinel" || store === "cluster";
}

/** The connections that one pod holds to its store; in a cluster, to each shard at most. */
export function storeConnections(store: Store): number {
  if (store === "memory") return 0;
  const { storeConnections: always, durableConnections } = CONSTANTS;
  return always.value + (hasReplicas(store) ? durableConnections.value : 0);
}
