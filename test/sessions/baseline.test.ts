import { queryObjects, setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterEach, beforeEach, expect, it, onTestFinished, vi } from "vitest";
import { AnswerRelay } from "../../runtime/calls/answer-relay.ts";
import { CallTimer } from "../../runtime/calls/call-timer.ts";
import { HttpReply } from "../../runtime/edge/http-reply.ts";
import { LiveCache } from "../../runtime/sessions/live-cache.ts";
import { LiveSession } from "../../runtime/sessions/live-session.ts";
import { MemoryStore } from "../../runtime/store/memory/memory-store.ts";
import { UpstreamSession } from "../../runtime/upstream/sessions/upstream-session.ts";
import { ClientPool } from "../../testkit/clients/client-pool.ts";
import type { RawClient } from "../../testkit/clients/raw-client.ts";
import { startGateway } from "../../testkit/processes/gateway.ts";
import { sessionRecord } from "../../testkit/processes/session-record.ts";
import { EchoBackend } from "../../testkit/servers/echo-backend.ts";

const SESSIONS = 200;
const START_MS = 1_800_000_000_000;

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc");

function heapUsedBytes(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: START_MS });
});

afterEach(() => {
  vi.useRealTimers();
});

async function startTwoBackends() {
  const backends = await Promise.all(
    [0, 1].map(() => EchoBackend.start({ keepAliveSeconds: 2, keepRequests: false })),
  );
  const store = new MemoryStore();
  const gateway = await startGateway(
    {
      session: { idleTtl: "30m" },
      operational: { failureHandling: { healthCheckInterval: "1h" } },
      backends: backends.map(({ url }, index) => ({ name: `b${index}`, url })),
    },
    { store },
  );
  onTestFinished(async () => {
    await gateway.close();
    for (const backend of backends) await backend.stop();
  });
  // The connection of the stream for list changes stays, all others close when they have been idle.
  const idle = () => expect.poll(() => backends.map(({ counts }) => counts.sockets));
  await expect.poll(() => backends.map(({ counts }) => counts.requests.GET)).toEqual([1, 1]);
  return { backends, store, gateway, untilIdle: () => idle().toEqual([1, 1]) };
}

/** 200 sessions that call both backends; half of them end by DELETE, the others by idleness. */
async function comeAndGo(url: string, store: MemoryStore): Promise<void> {
  const pool = new ClientPool(url);
  const sessions = await Promise.all(Array.from({ length: SESSIONS }, () => pool.open()));
  await Promise.all(sessions.flatMap((session) => ["b0_echo", "b1_echo"].map(callTo(session))));
  expect(await store.sessions.count()).toBe(SESSIONS);
  const ended = await Promise.all(sessions.slice(SESSIONS / 2).map((session) => session.end()));
  expect(ended.every(({ status }) => status === 204)).toBe(true);
  expect(await store.sessions.count()).toBe(SESSIONS / 2);
  vi.setSystemTime(Date.now() + 30 * 60_000);
  await pool.close();
}

function callTo(session: RawClient): (name: string) => Promise<void> {
  return async (name) => {
    expect((await session.call(name, {})).status).toBe(200);
  };
}

function activeResources(): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of process.getActiveResourcesInfo()) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

it("gives back the records, backend sessions, sockets and timers of 200 sessions that end by DELETE and idleness", async () => {
  const { backends, store, gateway, untilIdle } = await startTwoBackends();
  await untilIdle();
  let before = {};
  await expect.poll(() => (before = activeResources())).toMatchObject({ TCPSocketWrap: 4 });

  await comeAndGo(gateway.url, store);

  // One session per backend is the gateway's own.
  await expect.poll(() => backends.map(({ counts }) => counts.sessions)).toEqual([1, 1]);
  for (const { counts } of backends) {
    expect(counts.requests).toMatchObject({ initialize: SESSIONS + 1, DELETE: SESSIONS });
  }
  expect(await gateway.server.status()).toMatchObject({
    sessions: { stored: 0, cached: 0, busy: 0, streams: 0 },
  });
  expect(await store.sessions.takeExpired(SESSIONS)).toEqual([]);
  await untilIdle();
  await expect.poll(activeResources).toEqual(before);
});

it("leaves 0 objects and less than 500 bytes per session behind after 5 rounds of 200 sessions", async () => {
  const { backends, store, gateway, untilIdle } = await startTwoBackends();
  const round = async () => {
    await comeAndGo(gateway.url, store);
    await expect.poll(() => backends.map(({ counts }) => counts.sessions)).toEqual([1, 1]);
  };
  const heapBytes = async () => {
    await untilIdle();
    return heapUsedBytes();
  };
  const left = () => ({
    sessions: queryObjects(LiveSession),
    timers: queryObjects(CallTimer),
    relays: queryObjects(AnswerRelay),
    replies: queryObjects(HttpReply),
    upstreamSessions: queryObjects(UpstreamSession),
  });
  const nothing = { sessions: 0, timers: 0, relays: 0, replies: 0 };

  // What the first rounds add is code that is compiled.
  for (let index = 0; index < 5; index += 1) await round();
  const before = await heapBytes();
  for (let index = 0; index < 5; index += 1) await round();
  const after = await heapBytes();

  // Two upstream sessions are the gateway's own.
  await expect.poll(left).toEqual({ ...nothing, upstreamSessions: 2 });
  expect((after - before) / (5 * SESSIONS)).toBeLessThan(500);
});

/** What 50,000 sessions leave behind that come and go, per session; code is compiled before it counts. */
async function leftBytes(comeAndGoOnce: (index: number) => void | Promise<void>): Promise<number> {
  const count = 50_000;
  for (let index = 0; index < count; index += 1) await comeAndGoOnce(index);
  const before = heapUsedBytes();
  for (let index = count; index < 2 * count; index += 1) await comeAndGoOnce(index);
  return (heapUsedBytes() - before) / count;
}

it("leaves less than 20 bytes per session in the cache, deleted or evicted", async () => {
  const cache = new LiveCache(1, () => {});
  const session = (index: number) =>
    new LiveSession(`id-${index}`, sessionRecord(`key-${index}`), START_MS);
  const deleted = await leftBytes((index) => {
    const one = session(index);
    cache.add(one);
    cache.hold(one);
    cache.release(one);
    cache.delete(one);
  });
  const evicted = await leftBytes((index) => cache.add(session(index)));
  expect(Math.max(deleted, evicted)).toBeLessThan(20);
  // Not collected before its size was measured.
  expect(cache.size).toBe(1);
});

it("leaves less than 20 bytes per session in the memory store, ended or expired, with a lease or without", async () => {
  const memory = new MemoryStore();
  const ended = await leftBytes(async (index) => {
    await memory.sessions.create(sessionRecord(`key-${index}`), { maxSessions: 10 });
    await memory.leases.take(`key-${index}`, "open:b", "me", 60_000);
    await memory.sessions.end(sessionRecord(`key-${index}`));
  });
  const expired = await leftBytes(async (index) => {
    await memory.sessions.create(sessionRecord(`key-${index}`, { expiresAtMs: START_MS }), {
      maxSessions: 10,
    });
    await memory.sessions.takeExpired(10);
  });
  expect(Math.max(ended, expired)).toBeLessThan(20);
  expect(await memory.sessions.count()).toBe(0);
});
