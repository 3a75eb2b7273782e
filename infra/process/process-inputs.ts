import { bytes, seconds } from "@mcp-fleet/contract";
import { CREDENTIAL_BYTES, type PlanInputs, type Store } from "@mcp-fleet/contract/capacity";
import { QUEUED_SPANS, TOKEN_STRATEGIES } from "@mcp-fleet/contract/settings";
import type { BackendArgs } from "../arguments/backend-args.ts";
import type { ProcessArgs } from "../arguments/process-args.ts";
import type { SessionStorageArgs } from "../arguments/session-storage-args.ts";
import { present } from "../facts.ts";
import { placedAuths } from "./backend-auth.ts";
import { limitInputs } from "./planned-limits.ts";

/** The inputs of the plan that the arguments of a process contain. */
export function processInputs(args: ProcessArgs): Omit<Partial<PlanInputs>, "store"> {
  const { load = {}, ceilings = {}, session = {}, limits = {}, nofile = {} } = args;
  const { telemetry } = args;
  const { callTime, ...calls } = load;
  return present<number>({
    ...calls,
    callTimeSeconds: optional(seconds, callTime),
    sessionsPerReplica: ceilings.sessionsPerReplica,
    eventLoopPercent: ceilings.eventLoopPercent,
    memoryBytes: optional(bytes, ceilings.memory),
    nofile: nofile.ceiling,
    spareReplicas: args.spareReplicas,
    idleTtlSeconds: optional(seconds, session.idleTtl),
    cacheEntries: session.cacheEntries,
    queuedSpans: telemetry && (telemetry.queuedSpans ?? QUEUED_SPANS.default),
    ...limitInputs(limits),
  });
}

/** The room for tokens, where a strategy gets some. */
export function credentialInputs(
  { outgoingAuth }: ProcessArgs,
  backends: readonly BackendArgs[],
): Pick<PlanInputs, "credentialBytes"> {
  const placed = placedAuths(outgoingAuth, backends);
  const isNeeded = placed.some(({ auth }) => TOKEN_STRATEGIES.includes(auth.type));
  return isNeeded ? { credentialBytes: CREDENTIAL_BYTES } : {};
}

/** The kind of store, and how many shards it has, as inputs of the plan. */
export function storeInputs(
  storage: SessionStorageArgs | undefined,
): Pick<PlanInputs, "store" | "storeShards"> {
  const shards = storage?.cluster?.shards;
  return { store: storeOf(storage), ...(shards !== undefined && { storeShards: shards }) };
}

function storeOf(storage: SessionStorageArgs | undefined): Store {
  if (storage === undefined) return "memory";
  if (storage.cluster !== undefined) return "cluster";
  return storage.sentinel === undefined ? "redis" : "sentinel";
}

function optional(read: (text: string) => number, text: string | undefined): number | undefined {
  return text === undefined ? undefined : read(text);
}
