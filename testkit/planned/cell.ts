import {
  CONSTANTS,
  type CompleteInputs,
  type ProcessPlan,
  plan,
  type StoreSize,
} from "@mcp-fleet/contract/capacity";

/** What one row of the table is about. */
export interface Cell {
  readonly sessions: number;
  readonly backends: number;
}

/** Every load that is measured. */
export const CELLS: readonly Cell[] = [100, 1_000, 5_000].flatMap((sessions) =>
  [1, 3, 10].map((backends) => ({ sessions, backends })),
);

/** The plan of one gateway that serves all sessions of a cell over a Redis. */
export interface CellPlan {
  readonly inputs: CompleteInputs;
  readonly gateway: ProcessPlan;
  readonly store: StoreSize;
  /** Sessions that ended before these, whose records the store still keeps. */
  readonly endedSessions: number;
}

/** All clients are alike: their lists are one view, and those of a client without capabilities, always there, another. */
const VIEWS = 2;

/** What a client says of itself. */
const CLIENT_BYTES = 512;

/** Answers are short and lists are no longer than this: room for more would not be used. */
const HELD_BYTES = 2 ** 20;

/** Bodies are short, too. */
const HELD_BODY_BYTES = 2 * 2 ** 20;

/** The backends refuse streams of sessions, whatever their clients declare. */
const ASKABLE_SESSIONS_PERCENT = 0;

/** A gateway that checks its open files takes it that so many calls of each session are in flight. */
const CALLS_PER_SESSION = 0.1;

/** The connections to backends are as many as the calls need, so that all of them are in use at the peak. */
export function planOf({ sessions, backends }: Cell): CellPlan {
  const concurrentCalls = Math.ceil(sessions * CALLS_PER_SESSION);
  const { inputs, gateways, store } = plan({
    sessions,
    backends,
    store: "redis",
    sessionsPerReplica: sessions,
    spareReplicas: 0,
    streamsPerSession: 1,
    concurrentCalls,
    upstreamConnections: Math.ceil(concurrentCalls / backends),
    views: VIEWS,
    clientBytes: CLIENT_BYTES,
    heldBytes: HELD_BYTES,
    heldBodyBytes: HELD_BODY_BYTES,
    askableSessionsPercent: ASKABLE_SESSIONS_PERCENT,
  });
  if (store === undefined) throw new Error("a plan over Redis has a store");
  const share = CONSTANTS.recordLinger.value / inputs.idleTtlSeconds;
  return { inputs, gateway: gateways, store, endedSessions: Math.floor(sessions * share) };
}
