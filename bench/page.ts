import { availableParallelism } from "node:os";

import { markdown } from "../docs/tables.ts";
import { type CallRuns, ROUNDS, SECONDS_PER_RUN, TARGETS, type TargetKey } from "./calls.ts";
import { type LoadResult, middle, ratio } from "./load.ts";
import { RESTORES, type RestoreFigures } from "./restore.ts";
import { FEW_SESSIONS, type SessionFigures, STREAMS } from "./sessions.ts";

export interface Figures {
  readonly calls: readonly CallRuns[];
  readonly sessions: SessionFigures;
  readonly restore: RestoreFigures;
}

/** One promise: at most so much of something. */
interface Goal {
  readonly what: string;
  readonly measured: number;
  readonly atMost: number;
  readonly digits: number;
}

const BEGIN = "<!-- BEGIN measured -->";
const END = "<!-- END measured -->";

const cpu = (run: LoadResult) => run.cpuMsPerCall;

/** The page with the figures of this run between its marks. */
export function withFigures(page: string, figures: Figures): string {
  const from = page.indexOf(BEGIN);
  const to = page.indexOf(END);
  if (from < 0 || to < from) throw new Error("docs/performance.md has no marks for the figures");
  return `${page.slice(0, from + BEGIN.length)}\n\n${measured(figures)}\n\n${page.slice(to)}`;
}

/** What a run says first: each goal, and whether it is met. */
export function goalTable(figures: Figures): string {
  const rows = goalsOf(figures).map(({ what, measured: value, atMost, digits }) => [
    what,
    value.toFixed(digits),
    `≤ ${atMost}`,
    Number(value.toFixed(digits)) <= atMost ? "met" : "missed",
  ]);
  return markdown(["Goal", "Measured", "Asked", ""], rows);
}

function measured(figures: Figures): string {
  return `Node ${process.versions.node}, ${process.platform} ${process.arch}, ${availableParallelism()} cores, ${new Date().toISOString().slice(0, 10)}.

### Goals

${goalTable(figures)}

### Calls

Medians of ${ROUNDS} rounds of ${SECONDS_PER_RUN} s. CPU is that of the processes called, all of them together. The ratio is the median of
each round's own.

${callTable(figures.calls)}

### Sessions

${sessionTable(figures)}`;
}

function goalsOf({ calls, sessions, restore }: Figures): Goal[] {
  const { idle, streaming, few, many, manySessions, cpuMsPerSession } = sessions;
  const at = (concurrency: number) => calls.find((one) => one.concurrency === concurrency)?.runs;
  const overPassThrough = (key: TargetKey, concurrency: number) => {
    const runs = at(concurrency);
    return runs === undefined ? Number.NaN : ratio(runs[key], runs.passThrough, cpu);
  };
  const most = (keys: readonly TargetKey[], figure: (run: LoadResult) => number) =>
    Math.max(...calls.flatMap(({ runs }) => keys.map((key) => figure(middle(runs[key])))));
  const ours: readonly TargetKey[] = ["memory", "redis", "redisThree"];
  const goal = (what: string, value: number, atMost: number, digits = 2): Goal => ({
    what,
    measured: value,
    atMost,
    digits,
  });
  return [
    goal(
      "CPU per call over the pass-through, memory, 16 at a time",
      overPassThrough("memory", 16),
      1.3,
    ),
    goal(
      "CPU per call over the pass-through, memory, 64 at a time",
      overPassThrough("memory", 64),
      1.3,
    ),
    goal(
      "CPU per call over the pass-through, Redis, 16 at a time",
      overPassThrough("redis", 16),
      1.4,
    ),
    goal(
      "CPU per call over the pass-through, Redis, 64 at a time",
      overPassThrough("redis", 64),
      1.4,
    ),
    goal(
      "backend requests per call, at most",
      most(ours, (run) => run.requestsPerCall),
      1,
      3,
    ),
    goal(
      "new backend connections per call, one gateway, at most",
      most(["memory", "redis"], (run) => run.connectionsPerCall),
      0,
      3,
    ),
    goal(
      "new backend connections per call, three gateways, at most",
      most(["redisThree"], (run) => run.connectionsPerCall),
      0.01,
      3,
    ),
    goal(
      "store commands per call, one gateway, at most",
      most(["redis"], (run) => run.storeCommandsPerCall),
      0,
      3,
    ),
    goal(
      "store commands per call, three gateways, at most",
      most(["redisThree"], (run) => run.storeCommandsPerCall),
      0.01,
      3,
    ),
    goal("CPU ms per session created, memory", cpuMsPerSession.memory, 0.5, 3),
    goal("CPU ms per session created, Redis", cpuMsPerSession.redis, 0.5, 3),
    goal("ms that a restore adds to a call, p50", restore.first.p50Ms - restore.warm.p50Ms, 1),
    goal("ms that a restore adds to a call, p99", restore.first.p99Ms - restore.warm.p99Ms, 5),
    goal("backend requests per restore", restore.backendRequests, 0, 3),
    goal("KB per idle session", idle.bytes / 1000, 15, 1),
    goal("KB per session with a GET stream", (idle.bytes + streaming.bytes) / 1000, 40, 1),
    goal(`CPU per call, ${manySessions} sessions over ${FEW_SESSIONS}`, ratio(many, few, cpu), 1.1),
  ];
}

function callTable(calls: readonly CallRuns[]): string {
  const head = [
    "Calls in flight",
    "Called",
    "Calls/s",
    "p50 ms",
    "p99 ms",
    "CPU ms/call",
    "CPU over pass-through",
    "Backend requests/call",
    "New connections/call",
    "Store commands/call",
    "Wrong",
  ];
  const rows = calls.flatMap(({ concurrency, runs }) =>
    (Object.keys(TARGETS) as TargetKey[]).map((key) => {
      const run = middle(runs[key]);
      return [
        String(concurrency),
        TARGETS[key],
        run.callsPerSecond.toFixed(0),
        run.p50Ms.toFixed(2),
        run.p99Ms.toFixed(2),
        run.cpuMsPerCall.toFixed(3),
        ratio(runs[key], runs.passThrough, cpu).toFixed(2),
        run.requestsPerCall.toFixed(3),
        run.connectionsPerCall.toFixed(3),
        run.storeCommandsPerCall.toFixed(3),
        String(run.wrong),
      ];
    }),
  );
  return markdown(head, rows);
}

function sessionTable({ sessions, restore }: Figures): string {
  const { idle, streaming, few, many, manySessions, cpuMsPerSession } = sessions;
  const perThousand = (bytes: number) => `${((bytes * 1000) / 1e6).toFixed(1)} MB`;
  const latency = ({ p50Ms, p99Ms }: { readonly p50Ms: number; readonly p99Ms: number }) =>
    `p50 ${p50Ms.toFixed(2)} ms, p99 ${p99Ms.toFixed(2)} ms`;
  const load = (runs: readonly LoadResult[]) => {
    const run = middle(runs);
    return `${run.callsPerSecond.toFixed(0)} calls/s, CPU ${run.cpuMsPerCall.toFixed(3)} ms/call`;
  };
  return markdown(
    ["Figure", "Measured"],
    [
      [
        "CPU of `initialize` with its `initialized`, memory",
        `${cpuMsPerSession.memory.toFixed(3)} ms`,
      ],
      [
        "CPU of `initialize` with its `initialized`, Redis",
        `${cpuMsPerSession.redis.toFixed(3)} ms`,
      ],
      ["RSS of 1,000 idle sessions", perThousand(idle.bytes)],
      ["RSS that a GET stream of each adds", perThousand(streaming.bytes)],
      ["descriptors of 1,000 idle sessions", (idle.descriptors * 1000).toFixed(0)],
      [`descriptors that ${STREAMS} GET streams add`, (streaming.descriptors * STREAMS).toFixed(0)],
      [`${FEW_SESSIONS} sessions, 16 calls at a time`, load(few)],
      [`${manySessions} sessions, 16 calls at a time`, load(many)],
      [`first call at another gateway (${RESTORES} sessions)`, latency(restore.first)],
      ["next call there", latency(restore.warm)],
      ["store commands per restore", restore.storeCommands.toFixed(2)],
    ],
  );
}
