import { openStreams } from "../testkit/clients/client-streams.ts";
import type { MeasuredProcess } from "../testkit/processes/measured-process.ts";
import { ROUNDS, SECONDS_PER_RUN } from "./calls.ts";
import type { Fleet } from "./fleet.ts";
import { type Callers, type LoadResult, load, warmUp } from "./load.ts";
import { type SpreadSession, Target } from "./target.ts";

/** Opened before CPU is counted, so that it is that of compiled code. */
const WARM_UP_SESSIONS = 1_000;
/** Fewer where the limit of open files leaves room for fewer. */
export const MANY_SESSIONS = 10_000;
export const FEW_SESSIONS = 100;
export const STREAMS = 4_000;
export const CREATED_WITH_REDIS = 1_000;

const CONCURRENCY = 16;

/** What one more of something holds. */
export interface Held {
  readonly bytes: number;
  readonly descriptors: number;
}

export interface SessionFigures {
  /** CPU of the gateway for one `initialize` with its `initialized`. */
  readonly cpuMsPerSession: { readonly memory: number; readonly redis: number };
  readonly idle: Held;
  readonly streaming: Held;
  readonly few: readonly LoadResult[];
  /** How many sessions `many` had. */
  readonly manySessions: number;
  readonly many: readonly LoadResult[];
}

export async function measureSessions(fleet: Fleet): Promise<SessionFigures> {
  const few = await oneGateway(fleet, "few", "memory");
  const many = await oneGateway(fleet, "many", "memory");
  const shared = await oneGateway(fleet, "shared", "redis");
  await shared.target.open(WARM_UP_SESSIONS);
  const redis = await created(shared, CREATED_WITH_REDIS);
  await shared.target.close();

  const manySessions = Math.min(MANY_SESSIONS, await maxSessions(many.process));
  const idle = await held(many.process, manySessions, async () => {
    const warmUp = await many.target.open(WARM_UP_SESSIONS);
    const { cpuMsPerSession, sessions } = await created(many, manySessions - WARM_UP_SESSIONS);
    return { cpuMsPerSession, sessions: [...warmUp, ...sessions] };
  });
  const { cpuMsPerSession, sessions } = idle.value;
  const streaming = await held(many.process, STREAMS, () =>
    openStreams(many.process.url, idsOf(sessions.slice(0, STREAMS))),
  );
  for (const stream of streaming.value) stream.destroy();

  const loaded = await measureLoad(fleet, {
    few: { target: few.target, sessions: await few.target.open(FEW_SESSIONS) },
    many: { target: many.target, sessions },
  });
  await few.target.close();
  await many.target.close();
  return {
    cpuMsPerSession: { memory: cpuMsPerSession, redis: redis.cpuMsPerSession },
    idle: idle.held,
    streaming: streaming.held,
    manySessions,
    ...loaded,
  };
}

type Loaded = Omit<Callers, "concurrency">;

/** The same calls over few and over many sessions, in turn. */
async function measureLoad(fleet: Fleet, { few, many }: Record<"few" | "many", Loaded>) {
  const runs: Record<"few" | "many", LoadResult[]> = { few: [], many: [] };
  const run = (loaded: Loaded) =>
    load(fleet, { ...loaded, concurrency: CONCURRENCY, seconds: SECONDS_PER_RUN });
  for (const loaded of [few, many]) {
    // Each session's first call opens its backend session, and is another measurement.
    await callOnce(loaded);
    await warmUp({ ...loaded, concurrency: CONCURRENCY });
  }
  for (let round = 0; round < ROUNDS; round += 1) {
    runs.few.push(await run(few));
    runs.many.push(await run(many));
  }
  return runs;
}

interface OneGateway {
  readonly process: MeasuredProcess;
  readonly target: Target;
}

async function oneGateway(
  fleet: Fleet,
  name: string,
  store: "memory" | "redis",
): Promise<OneGateway> {
  const [process] = await fleet.gateways(1, store);
  if (process === undefined) throw new Error("no gateway");
  return { process, target: new Target(name, "b_echo", [process]) };
}

async function maxSessions({ adminUrl = "" }: MeasuredProcess): Promise<number> {
  const response = await fetch(new URL("/status", adminUrl));
  const status: { sessions: { max: number } } = JSON.parse(await response.text());
  return status.sessions.max;
}

async function created({ process, target }: OneGateway, count: number) {
  const cpuBeforeMs = process.cpuMs;
  const sessions = await target.open(count);
  return { sessions, cpuMsPerSession: (process.cpuMs - cpuBeforeMs) / count };
}

/** What the process holds more afterwards, by how many came. */
async function held<T>(process: MeasuredProcess, count: number, work: () => Promise<T>) {
  const before = { bytes: process.rssBytes, descriptors: process.descriptors };
  const value = await work();
  const bytes = (process.rssBytes - before.bytes) / count;
  const descriptors = (process.descriptors - before.descriptors) / count;
  return { value, held: { bytes, descriptors } };
}

function idsOf(sessions: readonly SpreadSession[]): string[] {
  return sessions.map(([session]) => session?.id ?? "");
}

async function callOnce({ target, sessions }: Loaded): Promise<void> {
  const rest = sessions.values();
  const caller = async () => {
    for (const [session] of rest) await session?.call(target.tool, {});
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, caller));
}
