import type { Fleet } from "./fleet.ts";
import type { SpreadSession, Target } from "./target.ts";

/** What one run of calls came to; several runs come to the medians. */
export interface LoadResult {
  readonly callsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** CPU time of all processes under load, per call. */
  readonly cpuMsPerCall: number;
  /** HTTP requests and TCP connections that reached the backend, per call. */
  readonly requestsPerCall: number;
  readonly connectionsPerCall: number;
  readonly storeCommandsPerCall: number;
  /** Calls that were not answered with what was asked. */
  readonly wrong: number;
}

export const cpu = (run: LoadResult): number => run.cpuMsPerCall;

export interface Callers {
  readonly target: Target;
  /** Callers take them in turn. */
  readonly sessions: readonly SpreadSession[];
  /** Calls in flight. */
  readonly concurrency: number;
}

export interface LoadPlan extends Callers {
  /** Calls begin until then. */
  readonly seconds: number;
}

/** Before anything is counted: connections that were idle meanwhile are opened again. */
const LEAD_IN_SECONDS = 0.2;

/**
 * Before the first run. Of every target so many calls, since code is compiled by how often it runs: the same time
 * would leave the slowest ones the coldest.
 */
const WARM_UP_CALLS = 20_000;

export async function warmUp(callers: Callers): Promise<void> {
  await callAll(callers, (calls) => calls < WARM_UP_CALLS);
}

/** Calls as fast as the answers come. */
export async function load(fleet: Fleet, plan: LoadPlan): Promise<LoadResult> {
  const { target } = plan;
  await callAll(plan, during(LEAD_IN_SECONDS));
  const commandsBefore = await target.storeCommands();
  const before = { ...(await fleet.backendCounts()), cpu: target.cpuMs, ms: performance.now() };
  const { latencies, wrong } = await callAll(plan, during(plan.seconds));
  const tookMs = performance.now() - before.ms;
  const usedCpuMs = target.cpuMs - before.cpu;
  const after = await fleet.backendCounts();
  const calls = latencies.length;
  return {
    callsPerSecond: (calls * 1000) / tookMs,
    p50Ms: quantile(latencies, 0.5),
    p99Ms: quantile(latencies, 0.99),
    cpuMsPerCall: usedCpuMs / calls,
    requestsPerCall: (after.requests - before.requests) / calls,
    // The second count's own connection came in between.
    connectionsPerCall: (after.connections - before.connections - 1) / calls,
    storeCommandsPerCall: ((await target.storeCommands()) - commandsBefore) / calls,
    wrong,
  };
}

function during(seconds: number): () => boolean {
  const endsAtMs = performance.now() + seconds * 1000;
  return () => performance.now() < endsAtMs;
}

/** Calls begin while `goesOn`, which is told how many have begun. */
async function callAll(
  { target, sessions, concurrency }: Callers,
  goesOn: (calls: number) => boolean,
) {
  const latencies: number[] = [];
  let wrong = 0;
  let next = 0;
  const caller = async () => {
    while (goesOn(next)) {
      const call = next++;
      const spread = sessions[call % sessions.length] ?? [];
      // Another process at each turn, also where the number of sessions is a multiple of theirs.
      const turn = call + Math.floor(call / sessions.length);
      const startedAtMs = performance.now();
      const answer = await spread[turn % spread.length]?.call(target.tool, { text: `${call}` });
      latencies.push(performance.now() - startedAtMs);
      if (!answer?.text.includes(`\\"${call}\\"`)) wrong += 1;
    }
  };
  await Promise.all(Array.from({ length: concurrency }, caller));
  return { latencies, wrong };
}

export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(share * (sorted.length - 1))] ?? Number.NaN;
}

/** Each figure is the median of its own; wrong answers add up. */
export function middle(runs: readonly LoadResult[]): LoadResult {
  const median = (figure: (run: LoadResult) => number) => quantile(runs.map(figure), 0.5);
  return {
    callsPerSecond: median((run) => run.callsPerSecond),
    p50Ms: median((run) => run.p50Ms),
    p99Ms: median((run) => run.p99Ms),
    cpuMsPerCall: median((run) => run.cpuMsPerCall),
    requestsPerCall: median((run) => run.requestsPerCall),
    connectionsPerCall: median((run) => run.connectionsPerCall),
    storeCommandsPerCall: median((run) => run.storeCommandsPerCall),
    wrong: runs.reduce((sum, run) => sum + run.wrong, 0),
  };
}

/** The median of round by round ratios: what the machine did beside meets both figures of a round. */
export function ratio(
  runs: readonly LoadResult[],
  over: readonly LoadResult[],
  figure: (run: LoadResult) => number,
): number {
  const ratios = runs.flatMap((run, round) => {
    const other = over[round];
    return other === undefined ? [] : [figure(run) / figure(other)];
  });
  return quantile(ratios, 0.5);
}
