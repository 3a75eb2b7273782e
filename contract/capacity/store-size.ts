import { Budget } from "./budget.ts";
import { CONSTANTS } from "./constants.ts";
import { type Figure, sum } from "./figure.ts";
import type { CompleteInputs, Store } from "./plan-inputs.ts";
import { MEBIBYTE } from "./pod-size.ts";

/** Volumes come in whole gibibytes. */
const GIBIBYTE = 2 ** 30;

/** What a shared store has to hold for all pods together. */
export interface StoreSize {
  /** `maxmemory`. */
  readonly memory: Figure;
  /** Request and limit of the store's container. */
  readonly container: Figure;
  /** `maxclients`. */
  readonly clients: Figure;
  /** The volume of each of its pods, for the sessions that it may come to. */
  readonly volume: Figure;
}

/** What a store is asked for. */
export interface StoreLoad
  extends Pick<
    CompleteInputs,
    "sessions" | "storageSessions" | "clientBytes" | "openedBackends" | "idleTtlSeconds" | "store"
  > {
  /** Sessions of proxies, each with the one server that it has opened. */
  readonly proxySessions: number;
  /** The same, for the volumes: what they may come to. Absent: as many. */
  readonly storageProxySessions?: number;
  /** Pods that are its clients: gateways and proxies. */
  readonly clientPods: number;
  /** Workloads that may roll out at a time, each with a pod more than it has. */
  readonly rollouts: number;
}

/** The store for this load and these pods. */
export function storeSize(load: StoreLoad): StoreSize {
  const { sessions, storageSessions, proxySessions, storageProxySessions = proxySessions } = load;
  const memory = storeBudget(load).need(sessions);
  const room = storeBudget({ ...load, proxySessions: storageProxySessions });
  const most = room.need(Math.max(storageSessions, sessions));
  return {
    memory,
    container: storeContainer(memory),
    clients: clients(load),
    volume: volume(most),
  };
}

function storeBudget(load: StoreLoad): Budget {
  const { clientBytes, openedBackends, idleTtlSeconds, proxySessions, store } = load;
  const { recordBytes, recordClass, recordBackendBytes, pinBytes, expiryBytes } = CONSTANTS;
  const { recordLinger, storeBytes, changesBytes, backlogBytes, storeReserve } = CONSTANTS;
  const own = recordBytes.value + (clientBytes * recordClass.value) / 100;
  const ownText = `recordBytes ${recordBytes.value} + clientBytes ${clientBytes} × recordClass ${recordClass.value} %`;
  const record = own + openedBackends * recordBackendBytes.value;
  const lines = [
    {
      name: "records",
      from: `sessions × (${ownText} + openedBackends ${openedBackends} × recordBackendBytes ${recordBackendBytes.value})`,
      perSession: record,
    },
    {
      name: "records of ended sessions",
      from: `records × recordLinger ${recordLinger.value} s ÷ idleTtl ${idleTtlSeconds} s`,
      perSession: (record * recordLinger.value) / idleTtlSeconds,
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
    { name: "changes", from: changesBytes.about, fixed: changesBytes.value },
    {
      name: "backlog",
      from: store === "sentinel" ? backlogBytes.about : "without replicas there is none",
      fixed: store === "sentinel" ? backlogBytes.value : 0,
    },
    { name: "engine", from: storeBytes.about, fixed: storeBytes.value },
  ];
  return new Budget("bytes", lines, { reservePercent: storeReserve.value, step: MEBIBYTE });
}

/** The container of a server whose `maxmemory` this is. */
export function storeContainer(memory: Figure): Figure {
  const { storeCopy, storeBuffers } = CONSTANTS;
  return sum("bytes", [
    {
      name: "memory and its copy",
      value: Math.ceil((memory.value * storeCopy.value) / 100 / MEBIBYTE) * MEBIBYTE,
      from: `store memory × storeCopy ${storeCopy.value} %`,
    },
    { name: "buffers", value: storeBuffers.value, from: storeBuffers.about },
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
        from: "the store's memory, with storageSessions in the place of sessions",
      },
      { name: "storeVolume", value: storeVolume.value, unit: "percent", from: storeVolume.about },
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
    { name: "others", value: storeOwnConnections.value, from: storeOwnConnections.about },
  ]);
}

/** The connections of a pod to its store. */
export function storeConnections(store: Store): number {
  if (store === "memory") return 0;
  const { storeConnections: always, durableConnections } = CONSTANTS;
  return always.value + (store === "sentinel" ? durableConnections.value : 0);
}
