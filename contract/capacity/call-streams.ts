import type { Line } from "./budget.ts";
import type { CompleteInputs } from "./plan-inputs.ts";

/** Streams of a session at backends, beside those of `sessionStreamBackends`. */
export interface CallStreams {
  /** On average over all sessions. */
  readonly perSession: number;
  /** The arithmetic, for one session. */
  readonly from: string;
}

/**
 * Where a client can be asked (roots, sampling, elicitation), its session's stream at a backend is open while a call
 * runs there and a while longer, and at stateful backends for as long as the session.
 */
export function callStreams(inputs: CompleteInputs): CallStreams {
  const { openedBackends, sessionStreamBackends, statefulBackends, askableSessionsPercent } =
    inputs;
  const { sessions, callsPerSecond, callTimeSeconds, sessionStreamLingerSeconds } = inputs;
  const others = Math.max(0, openedBackends - sessionStreamBackends);
  const stateful = Math.min(statefulBackends, others);
  const called = (callsPerSecond / sessions) * (callTimeSeconds + sessionStreamLingerSeconds);
  const streams = stateful + Math.min(called, others - stateful);
  return {
    perSession: (streams * askableSessionsPercent) / 100,
    from: `askableSessionsPercent ${askableSessionsPercent} % × (statefulBackends ${statefulBackends} + callsPerSecond ${callsPerSecond} ÷ sessions ${sessions} × (callTime ${callTimeSeconds} s + sessionStreamLinger ${sessionStreamLingerSeconds} s), at most openedBackends ${openedBackends} − sessionStreamBackends ${sessionStreamBackends})`,
  };
}

/** Their line in a budget, with what each takes of it; none where there are no such streams. */
export function callStreamsLine(inputs: CompleteInputs, each: number, eachText: string): Line[] {
  const { perSession, from } = callStreams(inputs);
  if (perSession === 0) return [];
  const name = "session streams during calls";
  return [{ name, from: `sessionsPerPod × ${from}${eachText}`, perSession: perSession * each }];
}
