import { Budget } from "./budget.ts";
import { type Figure, sum } from "./figure.ts";
import { CONSTANTS } from "./measurements.ts";
import type { CompleteInputs, Store } from "./plan-inputs.ts";
import { MEBIBYTE } from "./pod-size.ts";

/** What a shared store has to hold for all pods together. */
export interface StoreSize {
  /** `maxmemory`. */
  readonly memory: Figure;
  /** Request and limit of the store's container. */
  readonly container: Figure;
  /** `maxclients`. */
  readonly clients: Figure;
}

/** The store for this load and this many pods. */
export function storeSize(inputs: CompleteInputs, replicas: number): StoreSize {
  const memory = storeBudget(inputs).need(inputs.sessions);
  return { memory, container: container(memory), clients: clients(inputs.store, replicas) };
}

function storeBudget(inputs: CompleteInputs): Budget {
  const { clientBytes, openedBackends, idleTtlSeconds } = inputs;
  const { recordBytes, recordBackendBytes, recordClass, hashBytes, recordLinger } = CONSTANTS;
  const { expiryBytes, storeBytes, storeReserve } = CONSTANTS;
  const fields = recordBytes.value + clientBytes + openedBackends * recordBackendBytes.value;
  const record = (fields * recordClass.value) / 100 + hashBytes.value;
  const lines = [
    {
      name: "records",
      from: `sessions × ((recordBytes ${recordBytes.value} + clientBytes ${clientBytes} + openedBackends ${openedBackends} × recordBackendBytes ${recordBackendBytes.value}) × recordClass ${recordClass.value} % + hashBytes ${hashBytes.value})`,
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
    { name: "engine", from: storeBytes.about, fixed: storeBytes.value },
  ];
  return new Budget("bytes", lines, { reservePercent: storeReserve.value, step: MEBIBYTE });
}

function container(memory: Figure): Figure {
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

function clients(store: Store, replicas: number): Figure {
  const { surgeReplicas, storeOverlap, storeOwnConnections } = CONSTANTS;
  const perPod = storeConnections(store);
  return sum("connections", [
    {
      name: "gateways",
      value: (replicas + surgeReplicas.value) * perPod * storeOverlap.value,
      from: `(replicas ${replicas} + surgeReplicas ${surgeReplicas.value}) × ${perPod} of each × storeOverlap ${storeOverlap.value}`,
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
