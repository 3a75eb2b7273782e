import { markdown } from "../tools/docs/generated-table.ts";
import type { CallRuns, TargetKey } from "./calls.ts";
import { LISTED_TOOLS, type ListFigures, listRatio } from "./lists.ts";
import { cpu, type LoadResult, middle, ratio } from "./load.ts";
import type { RestoreFigures } from "./restore.ts";
import { FEW_SESSIONS, type SessionFigures } from "./sessions.ts";

export interface Figures {
  readonly calls: readonly CallRuns[];
  readonly lists: ListFigures;
  readonly sessions: SessionFigures;
  readonly restore: RestoreFigures;
}

/** One promise: at most so much of something. */
interface Goal {
  readonly what: string;
  readonly measured: number;
  readonly max: number;
  readonly digits: number;
}

/** What a run says first: each goal, and whether it is met. */
export function goalTable(figures: Figures): string {
  const rows = goalsOf(figures).map(({ what, measured: value, max, digits }) => [
    what,
    value.toFixed(digits),
    `≤ ${max}`,
    Number(value.toFixed(digits)) <= max ? "met" : "missed",
  ]);
  return markdown(["Goal", "Measured", "Asked", ""], rows);
}

function goalsOf({ calls, lists, sessions, restore }: Figures): Goal[] {
  const { idle, streaming, few, many, manySessions, cpuMsPerSession } = sessions;
  const at = (concurrency: number) => calls.find((one) => one.concurrency === concurrency)?.runs;
  const over = (key: TargetKey, other: TargetKey, concurrency: number) => {
    const runs = at(concurrency);
    return runs === undefined ? Number.NaN : ratio(runs[key], runs[other], cpu);
  };
  const overPassThrough = (key: TargetKey, concurrency: number) =>
    over(key, "passThrough", concurrency);
  const maxAt = (
    concurrency: number,
    keys: readonly TargetKey[],
    figure: (run: LoadResult) => number,
  ) => Math.max(...keys.map((key) => figure(middle(at(concurrency)?.[key] ?? []))));
  const max = (keys: readonly TargetKey[], figure: (run: LoadResult) => number) =>
    Math.max(...calls.map(({ concurrency }) => maxAt(concurrency, keys, figure)));
  const single: readonly TargetKey[] = [
    "memory",
    "redis",
    "redisThree",
    "proxyMemory",
    "proxyRedis",
    "proxyRedisTwo",
  ];
  const goal = (what: string, value: number, max: number, digits = 2): Goal => ({
    what,
    measured: value,
    max,
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
      "CPU per call, proxy over gateway, memory, 16 at a time",
      over("proxyMemory", "memory", 16),
      1.2,
    ),
    goal(
      "CPU per call, proxy over gateway, Redis, 16 at a time",
      over("proxyRedis", "redis", 16),
      1.2,
    ),
    goal(
      "CPU per call over the pass-through, gateway and proxy, 16 at a time",
      overPassThrough("fleet", 16),
      3.3,
    ),
    goal(
      "backend requests per call, gateway or proxy, at most",
      max(single, (run) => run.requestsPerCall),
      1,
      3,
    ),
    goal(
      "backend requests per call, gateway and proxy, at most",
      max(["fleet", "fleetTwo"], (run) => run.requestsPerCall),
      1,
      3,
    ),
    goal(
      "new backend connections per call, one gateway, at most",
      max(["memory", "redis"], (run) => run.connectionsPerCall),
      0,
      3,
    ),
    goal(
      "new backend connections per call, three gateways, at most",
      max(["redisThree"], (run) => run.connectionsPerCall),
      0.01,
      3,
    ),
    goal(
      "store commands per call, one gateway, at most",
      max(["redis"], (run) => run.storeCommandsPerCall),
      0,
      3,
    ),
    goal(
      "store commands per call, three gateways, at most",
      max(["redisThree"], (run) => run.storeCommandsPerCall),
      0.01,
      3,
    ),
    goal(
      "store commands per call, one proxy, alone or under a gateway, 16 at a time",
      maxAt(16, ["proxyRedis", "fleet"], (run) => run.storeCommandsPerCall),
      0,
      3,
    ),
    goal(
      "store commands per call, two proxies, alone or under gateways, 16 at a time",
      maxAt(16, ["proxyRedisTwo", "fleetTwo"], (run) => run.storeCommandsPerCall),
      0.01,
      3,
    ),
    goal(
      `CPU per \`tools/list\` of ${LISTED_TOOLS.toLocaleString("en-US")} tools from the cache, over the same bytes sent bare`,
      listRatio(lists),
      1.3,
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
