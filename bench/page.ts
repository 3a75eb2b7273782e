import { availableParallelism } from "node:os";

import { markdown } from "../tools/docs/generated-table.ts";
import { type CallRuns, ROUNDS, SECONDS_PER_RUN, TARGETS, type TargetKey } from "./calls.ts";
import { type Figures, goalTable } from "./goals.ts";
import { LIST_ROUNDS, LISTED_TOOLS, listRatio } from "./lists.ts";
import { cpu, type LoadResult, middle, quantile, ratio } from "./load.ts";
import { RESTORES } from "./restore.ts";
import { FEW_SESSIONS, STREAMS } from "./sessions.ts";
import { type Reference, TOOLHIVE } from "./toolhive.ts";

const BEGIN = "<!-- BEGIN measured -->";
const END = "<!-- END measured -->";

/** What ToolHive was measured at. */
const REFERENCE_CONCURRENCY = 16;

/** The page with the figures of this run between its marks. */
export function withFigures(page: string, figures: Figures): string {
  const from = page.indexOf(BEGIN);
  const to = page.indexOf(END);
  if (from < 0 || to < from) throw new Error("docs/performance.md has no marks for the figures");
  return `${page.slice(0, from + BEGIN.length)}\n\n${measured(figures)}\n\n${page.slice(to)}`;
}

function measured(figures: Figures): string {
  return `Node ${process.versions.node}, ${process.platform} ${process.arch}, ${availableParallelism()} cores, ${new Date().toISOString().slice(0, 10)}.

### Goals

${goalTable(figures)}

### Calls

Medians of ${ROUNDS} rounds of ${SECONDS_PER_RUN} s. CPU is that of the processes called and of the proxies behind them, together.
The ratio is the median of each round's own.

${callTable(figures.calls)}

### Beside ToolHive

${REFERENCE_CONCURRENCY} calls in flight, over Redis. **The rows of ToolHive are not of this run:** ToolHive 0.47.0 was measured once,
elsewhere, on two cores as well. Its fleet is \`vmcp\` before two proxies with a backend each.

${referenceTable(figures.calls)}

### Lists

Medians of ${LIST_ROUNDS} rounds, in turn. The bare server answers every request with bytes that it has ready.

${listTable(figures)}

### Sessions

${sessionTable(figures)}`;
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

function referenceTable(calls: readonly CallRuns[]): string {
  const runs = calls.find(({ concurrency }) => concurrency === REFERENCE_CONCURRENCY)?.runs;
  const rounded = (value: number) => String(Number(value.toFixed(3)));
  const row = (what: string, where: string, figures: Reference) => [
    what,
    where,
    rounded(figures.cpuMsPerCall),
    rounded(figures.requestsPerCall),
    rounded(figures.storeCommandsPerCall),
  ];
  const ours = (key: TargetKey) => row(TARGETS[key], "this run", middle(runs?.[key] ?? []));
  const elsewhere = (what: string, figures: Reference) =>
    row(what, "elsewhere, not this run", figures);
  return markdown(
    ["Called", "Measured", "CPU ms/call", "Backend requests/call", "Store commands/call"],
    [
      ours("proxyRedis"),
      elsewhere("ToolHive's proxy", TOOLHIVE.proxy),
      ours("fleet"),
      ours("fleetTwo"),
      elsewhere("ToolHive's fleet", TOOLHIVE.fleet),
    ],
  );
}

function listTable({ lists }: Figures): string {
  const ms = (values: readonly number[]) => quantile(values, 0.5).toFixed(3);
  return markdown(
    ["Tools", "Bytes", "CPU ms/list, gateway", "CPU ms/list, bare", "Gateway over bare"],
    [
      [
        LISTED_TOOLS.toLocaleString("en-US"),
        lists.bytes.toLocaleString("en-US"),
        ms(lists.gatewayCpuMs),
        ms(lists.bareCpuMs),
        listRatio(lists).toFixed(2),
      ],
    ],
  );
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
