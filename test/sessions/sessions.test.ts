import type { Settings } from "@mcp-fleet/contract/settings";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Events } from "../../runtime/sessions/events.ts";
import { KeyRing } from "../../runtime/sessions/key-ring.ts";
import { mintSessionId } from "../../runtime/sessions/session-id.ts";
import type { EndedSession } from "../../runtime/sessions/session-record.ts";
import type { Sessions } from "../../runtime/sessions/sessions.ts";
import { MemoryStore } from "../../runtime/store/memory/memory-store.ts";
import { Metrics } from "../../runtime/telemetry/metrics.ts";
import { FleetError } from "../../runtime/wire/fleet-error.ts";
import { countOperations } from "../../testkit/processes/counted-store.ts";
import { sessionsOver } from "../../testkit/processes/process-sessions.ts";
import { log } from "../../testkit/processes/test-log.ts";

const START_MS = 1_800_000_000_000;
const IDLE_TTL_SECONDS = 600;
const client = {
  owner: "alice",
  protocol: "2025-11-25",
  clientInfo: "{}",
  capabilities: "{}",
  view: "view",
};

describe("sessions", () => {
  const ring = KeyRing.generate();
  let memory: MemoryStore;
  let open: Sessions[];

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["Date"], now: START_MS });
    memory = new MemoryStore();
    open = [];
  });

  afterEach(() => {
    for (const sessions of open) sessions.close();
    vi.useRealTimers();
  });

  const pod = (settings: Partial<Settings["session"]> = {}) => {
    const { store, operations } = countOperations(memory);
    const metrics = new Metrics();
    const events = new Events(log);
    const sessions = sessionsOver(store, { ring, metrics, events, settings });
    open.push(sessions);
    return { sessions, operations, metrics, events };
  };

  const afterSeconds = (seconds: number) => vi.setSystemTime(START_MS + seconds * 1000);

  const notFound = expect.objectContaining({ code: "SESSION_NOT_FOUND" });

  it("finds a cached session at once, with 0 store operations", async () => {
    const { sessions, operations } = pod();
    const session = await sessions.create(client);
    operations.length = 0;
    expect(sessions.find(session.id, "alice")).toBe(session);
    expect(operations).toEqual([]);
  });

  it("restores an evicted session with 1 load, also for 10 requests at once", async () => {
    const { sessions, operations } = pod({ cacheEntries: 1 });
    const first = await sessions.create(client);
    await sessions.create(client);
    expect(sessions.held(first.key)).toBeUndefined();
    operations.length = 0;
    const found = await Promise.all(
      Array.from({ length: 10 }, () => sessions.find(first.id, "alice")),
    );
    expect(operations).toEqual(["sessions.load"]);
    expect(new Set(found).size).toBe(1);
    expect(found[0]?.record).toEqual(first.record);
  });

  it("keeps a session with a request in flight while 5 others come, in a cache of 1 entry", async () => {
    const { sessions, operations } = pod({ cacheEntries: 1 });
    const busy = await sessions.create(client);
    sessions.hold(busy);
    for (let others = 0; others < 5; others += 1) await sessions.create(client);
    operations.length = 0;
    expect(await sessions.find(busy.id, "alice")).toBe(busy);
    expect(operations).toEqual([]);
    expect(sessions.counts).toEqual({ cached: 2, busy: 1 });
    sessions.release(busy);
    expect(sessions.counts).toEqual({ cached: 1, busy: 0 });
  });

  it("works with 1 object per session, even if 2 requests found it before and after an eviction", async () => {
    const { sessions } = pod({ cacheEntries: 1 });
    const { id } = await sessions.create(client);
    await sessions.create(client);
    const first = await sessions.find(id, "alice");
    await sessions.create(client);
    const second = await sessions.find(id, "alice");
    expect(second).not.toBe(first);
    expect(sessions.hold(first)).toBe(sessions.hold(second));
  });

  it("finds on a 2nd pod what the 1st created, with what a 3rd wrote", async () => {
    const session = await pod().sessions.create(client);
    await memory.sessions.setLogLevel(session.key, "debug");
    const found = await pod().sessions.find(session.id, "alice");
    expect(found.record).toEqual({ ...session.record, logLevel: "debug" });
  });

  it("hears on all 2 pods of what either one or the store did to a session", async () => {
    const [one, two] = [pod().sessions, pod().sessions];
    const here = await one.create(client);
    const there = await two.find(here.id, "alice");
    await memory.sessions.setLogLevel(here.key, "debug");
    expect([here.record.logLevel, there.record.logLevel]).toEqual(["debug", "debug"]);
    await one.end(here, "deleted");
    expect([here.ended, there.ended]).toEqual([true, true]);
    await expect(async () => two.find(here.id, "alice")).rejects.toEqual(notFound);
  });

  it("has no session for anybody but its owner, cached or not", async () => {
    const { sessions } = pod();
    const { id } = await sessions.create(client);
    await expect(async () => sessions.find(id, "mallory")).rejects.toEqual(notFound);
    await expect(async () => pod().sessions.find(id, "mallory")).rejects.toEqual(notFound);
    expect(await sessions.find(id, "alice")).toBeDefined();
  });

  it("refuses a forged and a malformed id with 0 store operations, a well signed one with 1", async () => {
    const { sessions, operations } = pod();
    const signed = Buffer.from(mintSessionId(ring, "alice", new Date()), "base64url");
    signed[10] = (signed[10] ?? 0) ^ 1;
    for (const id of [signed.toString("base64url"), "x", ""]) {
      await expect(async () => sessions.find(id, "alice")).rejects.toEqual(notFound);
    }
    expect(operations).toEqual([]);
    const unknown = mintSessionId(ring, "alice", new Date());
    await expect(async () => sessions.find(unknown, "alice")).rejects.toEqual(notFound);
    expect(operations).toEqual(["sessions.load"]);
  });

  it("asks the store for an id whose key is not known here", async () => {
    const { sessions, operations } = pod();
    const tomorrow = new KeyRing([{ id: "tomorrow", secret: Buffer.alloc(32, 1) }]);
    const id = mintSessionId(tomorrow, "alice", new Date());
    await expect(async () => sessions.find(id, "alice")).rejects.toEqual(notFound);
    expect(operations).toEqual(["sessions.load"]);
  });

  it("tells the store of use at most 20 times per idle time, however many the requests", async () => {
    const { sessions, operations } = pod();
    const session = await sessions.create(client);
    operations.length = 0;
    for (let second = 1; second <= IDLE_TTL_SECONDS; second += 1) {
      afterSeconds(second);
      sessions.hold(session);
      sessions.release(session);
    }
    expect(operations).toEqual(Array.from({ length: 20 }, () => "sessions.touch"));
    expect((await memory.sessions.load(session.key))?.expiresAtMs).toBe(
      START_MS + 2 * IDLE_TTL_SECONDS * 1000,
    );
  });

  it("keeps a session that is used every 9 of 10 min, and ends it 10 min after the last use", async () => {
    const { sessions } = pod();
    const { id } = await sessions.create(client);
    for (let minute = 9; minute <= 90; minute += 9) {
      afterSeconds(minute * 60);
      sessions.touch(await sessions.find(id, "alice"));
    }
    afterSeconds(100 * 60 - 1);
    expect(await sessions.find(id, "alice")).toBeDefined();
    afterSeconds(100 * 60);
    await expect(async () => sessions.find(id, "alice")).rejects.toEqual(notFound);
  });

  it("ends a session after its 30 min of lifetime, however busy", async () => {
    const { sessions } = pod({ maxLifetimeSeconds: 1800 });
    const { id } = await sessions.create(client);
    for (let second = 60; second < 1800; second += 60) {
      afterSeconds(second);
      sessions.touch(await sessions.find(id, "alice"));
    }
    afterSeconds(1800);
    await expect(async () => sessions.find(id, "alice")).rejects.toEqual(notFound);
  });

  it("refuses the 3rd session of 2 and takes it once 1 has ended", async () => {
    const { sessions } = pod({ maxSessions: 2 });
    const first = await sessions.create(client);
    await sessions.create(client);
    await expect(sessions.create(client)).rejects.toMatchObject({ code: "AT_CAPACITY" });
    await sessions.end(first, "deleted");
    await expect(sessions.create(client)).resolves.toBeDefined();
  });

  it("says once in the fleet that a session ended, and cuts its calls on all 2 pods", async () => {
    const pods = [pod(), pod()];
    const [one, two] = pods.map(({ sessions }) => sessions);
    const ended: [EndedSession, string][] = [];
    for (const { events } of pods) events.on("sessionEnded", (...end) => ended.push(end));
    const here = await one?.create(client);
    const there = await two?.find(here?.id ?? "", "alice");
    const reasons: unknown[] = [];
    for (const session of [here, there]) {
      session?.calls.set("1", {
        backend: "b",
        begun: true,
        cancelled: false,
        cut: (reason) => reasons.push(reason),
      });
    }
    if (here === undefined || there === undefined) throw new Error("no session");
    await Promise.all([one?.end(here, "deleted"), two?.end(there, "deleted")]);
    expect(ended).toEqual([[expect.objectContaining({ key: here.key }), "deleted"]]);
    expect(reasons).toEqual([expect.any(FleetError), expect.any(FleetError)]);
    expect(() => one?.hold(here)).toThrow(FleetError);
  });

  it("reaps 5 expired sessions once, 2 at a time, on whichever of 2 pods", async () => {
    const pods = [pod(), pod()] as const;
    const [one, two] = [pods[0].sessions, pods[1].sessions];
    const reasons: string[] = [];
    for (const { events } of pods) events.on("sessionEnded", (_, reason) => reasons.push(reason));
    for (let index = 0; index < 5; index += 1) await one.create(client);
    afterSeconds(IDLE_TTL_SECONDS);
    const reaped = [await one.reap(2), await two.reap(2), await one.reap(2), await two.reap(2)];
    expect(reaped).toEqual([2, 2, 1, 0]);
    expect(reasons).toEqual(Array.from({ length: 5 }, () => "expired"));
    expect(one.counts).toEqual({ cached: 0, busy: 0 });
  });
});
