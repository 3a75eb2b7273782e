import { Budget } from "./budget.ts";
import { callStreamsLine } from "./call-streams.ts";
import { CONSTANTS } from "./constants.ts";
import type { CompleteInputs } from "./plan-inputs.ts";
import { storeConnections } from "./store-size.ts";

/** Open files and sockets of a pod: what its `nofile` limit must allow. */
export function descriptorBudget(inputs: CompleteInputs): Budget {
  const { backends, upstreamConnections, views, store, storeShards } = inputs;
  const { streamsPerSession, sessionStreamBackends, sessions, concurrentCalls } = inputs;
  const toShard = storeConnections(store);
  const toStore = store === "cluster" ? toShard * storeShards : toShard;
  const toSentinels = store === "sentinel" ? toStore * CONSTANTS.sentinelLookups.value : 0;
  const lines = [
    {
      name: "client sockets",
      from: `sessionsPerPod × clientSockets ${CONSTANTS.clientSockets.value}`,
      perSession: CONSTANTS.clientSockets.value,
    },
    {
      name: "client streams",
      from: `sessionsPerPod × streamsPerSession ${streamsPerSession}`,
      perSession: streamsPerSession,
    },
    {
      name: "parallel calls",
      from: `sessionsPerPod × concurrentCalls ${concurrentCalls} ÷ sessions ${sessions}`,
      perSession: concurrentCalls / sessions,
    },
    {
      name: "backend pools",
      from: `backends ${backends} × upstreamConnections ${upstreamConnections}`,
      fixed: backends * upstreamConnections,
    },
    {
      name: "discovery streams",
      from: `backends ${backends} × views ${views}`,
      fixed: backends * views,
    },
    {
      name: "session streams at backends",
      from: `sessionsPerPod × sessionStreamBackends ${sessionStreamBackends}`,
      perSession: sessionStreamBackends,
    },
    ...callStreamsLine(inputs, 1, ""),
    ...programsLine(inputs),
    {
      name: "store",
      from:
        store === "cluster"
          ? `${toShard} to a shard × storeShards ${storeShards}`
          : `store ${toStore} + Sentinels ${toSentinels}`,
      fixed: toStore + toSentinels,
    },
    {
      name: "process",
      from: CONSTANTS.processDescriptors.description,
      fixed: CONSTANTS.processDescriptors.value,
    },
  ];
  return new Budget("descriptors", lines, { reservePercent: CONSTANTS.descriptorReserve.value });
}

/** Only where servers are programs of the process. */
function programsLine({ programs }: CompleteInputs) {
  if (programs === 0) return [];
  const { value } = CONSTANTS.programPipes;
  const from = `programs ${programs} × programPipes ${value}`;
  return [{ name: "programs", from, fixed: programs * value }];
}
