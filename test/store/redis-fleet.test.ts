import type { RedisSettings } from "@mcp-fleet/contract/settings";
import { afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import type { FleetChange } from "../../runtime/fleet/fleet-bus.ts";
import { KeyRing } from "../../runtime/sessions/key-ring.ts";
import type { Sessions } from "../../runtime/sessions/sessions.ts";
import type { RedisStore } from "../../runtime/store/redis/redis-store.ts";
import { sessionsOver } from "../../testkit/processes/process-sessions.ts";
import { hasRedis, RedisProcess } from "../../testkit/processes/redis.ts";
import { makeOld, openStore, redisAt } from "../../testkit/processes/redis-store.ts";
import { sessionRecord } from "../../testkit/processes/session-record.ts";

const client = {
  owner: "alice",
  protocol: "2025-11-25",
  clientInfo: "{}",
  capabilities: "{}",
  view: "view",
};
const upstream = { sessionId: "u", protocol: "2025-11-25", epoch: 1 };
const notFound = expect.objectContaining({ code: "SESSION_NOT_FOUND" });
const unavailable = expect.objectContaining({ code: "STORE_UNAVAILABLE" });

describe.skipIf(!hasRedis)("2 processes over one Redis", () => {
  const ring = KeyRing.generate();
  let server: RedisProcess;
  let settings: RedisSettings;
  let stores: RedisStore[];
  let pods: Sessions[];

  beforeAll(async () => {
    server = await RedisProcess.server();
    return () => server.stop();
  });

  beforeEach(async () => {
    settings = redisAt(server);
    await makeOld(server, settings);
    stores = [];
    pods = [];
  });

  afterEach(async () => {
    for (const sessions of pods) sessions.close();
    for (const store of stores) await store.close();
  });

  const store = async (now?: () => number) => {
    const opened = await openStore(settings, now);
    stores.push(opened);
    return opened;
  };

  const pod = async () => {
    const sessions = sessionsOver(await store(), { ring });
    pods.push(sessions);
    return sessions;
  };

  const watched = (one: RedisStore) => {
    const changes: FleetChange[] = [];
    one.bus.watch((change) => changes.push(change));
    return changes;
  };

  /** All keys of this prefix vanish: the server has come back empty. */
  const empty = () => server.ask("FLUSHALL");

  it("tells 1 of what the other did, in order, once", async () => {
    const [here, there] = [await store(), await store()];
    const changes = watched(there);
    await here.sessions.create(sessionRecord("a"), { maxSessions: 10 });
    const record = await here.sessions.setUpstream(sessionRecord("a"), "one", upstream);
    await expect.poll(() => changes).toEqual([{ kind: "changed", record }]);
    await here.sessions.end(sessionRecord("a"));
    const ended = { kind: "ended", key: "a" };
    await expect.poll(() => changes).toEqual([{ kind: "changed", record }, ended]);
  });

  it("doubts what it holds, and loads it once, after changes may have been missed", async () => {
    const [here, there] = [await pod(), await pod()];
    const session = await here.create(client);
    const copy = await there.find(session.id, "alice");
    const [first] = stores;
    await first?.sessions.setLogLevel(session.key, "info");
    await expect.poll(() => copy.record.logLevel).toBe("info");
    // A change that nobody is told of, and the loss of the stream.
    await server.ask("HSET", `${settings.keyPrefix}session:${session.key}`, "logLevel", "debug");
    await server.ask("DEL", `${settings.keyPrefix}changes`);
    await expect.poll(() => copy.stale).toBe(true);
    expect((await there.find(session.id, "alice")).record.logLevel).toBe("debug");
    expect(there.find(session.id, "alice")).toBe(copy);
  });

  it("ends on 1 what the other deleted, which is a 404 there", async () => {
    const [here, there] = [await pod(), await pod()];
    const session = await here.create(client);
    const copy = await there.find(session.id, "alice");
    await here.end(session, "deleted");
    await expect.poll(() => copy.ended).toBe(true);
    await expect(async () => there.find(session.id, "alice")).rejects.toEqual(notFound);
  });

  it("signs with 1 key, also after the store came back empty", async () => {
    const [here, there] = [await store(), await store()];
    const key = await here.secrets.signingKey();
    expect(key).toHaveLength(32);
    expect(await there.secrets.signingKey()).toEqual(key);
    await empty();
    await expect.poll(() => server.ask("GET", `${settings.keyPrefix}signing-key`)).not.toBeNull();
    expect(await (await store()).secrets.signingKey()).toEqual(key);
  });

  it("re-learns the 20 sessions of 2 processes after the store came back empty", async () => {
    const [here, there] = [await pod(), await pod()];
    const held = await Promise.all(
      Array.from({ length: 20 }, (_, index) => (index % 2 === 0 ? here : there).create(client)),
    );
    await stores[0]?.sessions.setUpstream(sessionRecord(held[0]?.key ?? ""), "one", upstream);
    const gone = await here.create(client);
    await here.end(gone, "deleted");
    await empty();
    const third = await pod();
    for (const { id, record } of held) {
      await expect.poll(() => third.find(id, "alice")).toMatchObject({ record });
    }
    await expect(async () => third.find(gone.id, "alice")).rejects.toEqual(unavailable);
    expect(await stores[0]?.sessions.count()).toBe(20);
  });

  it("re-learns a session that could not be written again at the 1st try", async () => {
    const here = await pod();
    const session = await here.create(client);
    const keys = ["expiry", "changes", "generation"].map((name) => `~${settings.keyPrefix}${name}`);
    await server.ask("ACL", "LOG", "RESET");
    await server.ask("ACL", "SETUSER", "default", "resetkeys", ...keys);
    onTestFinished(async () => {
      await server.ask("ACL", "SETUSER", "default", "~*");
    });
    await empty();
    await expect.poll(() => server.ask("ACL", "LOG")).not.toEqual([]);
    await server.ask("ACL", "SETUSER", "default", "~*");
    const other = await pod();
    await expect
      .poll(() => other.find(session.id, "alice"))
      .toMatchObject({ record: session.record });
  });

  it("says 503 for an id without a record until 10 s after the store came back empty", async () => {
    let nowMs = Date.now();
    const one = await store(() => nowMs);
    expect(await one.sessions.load("a")).toBeUndefined();
    await empty();
    await expect(one.sessions.load("a")).rejects.toEqual(unavailable);
    await expect(one.sessions.touch(sessionRecord("a"), nowMs)).rejects.toEqual(unavailable);
    await expect(one.sessions.end(sessionRecord("a"))).rejects.toEqual(unavailable);
    await expect.poll(() => server.ask("EXISTS", `${settings.keyPrefix}generation`)).toBe(1);
    nowMs += 9_000;
    await expect(one.sessions.load("a")).rejects.toEqual(unavailable);
    nowMs += 2_000;
    expect(await one.sessions.load("a")).toBeUndefined();
  });

  it("goes on with a session that it holds while the store is being filled again", async () => {
    const here = await pod();
    const session = await here.create(client);
    await empty();
    session.stale = true;
    expect(await here.find(session.id, "alice")).toBe(session);
  });

  it("goes on with a session that it holds for 10 min without the store, then says 503 until it answers", async () => {
    const here = await pod();
    const session = await here.create(client);
    server.freeze();
    onTestFinished(() => server.thaw());
    const now = performance.now.bind(performance);
    const clock = vi.spyOn(performance, "now");
    onTestFinished(() => clock.mockRestore());
    const laterMs = (ms: number) => clock.mockImplementation(() => now() + ms);
    laterMs(590_000);
    expect(here.find(session.id, "alice")).toBe(session);
    laterMs(600_000);
    await expect(async () => here.find(session.id, "alice")).rejects.toEqual(unavailable);
    expect(session.ended).toBe(false);
    server.thaw();
    await expect.poll(() => stores[0]?.bus.silentMs).toBeLessThan(5_000);
    expect(await here.find(session.id, "alice")).toBe(session);
  });

  it("does not restore a session that ended in the meantime", async () => {
    const [here, there] = [await store(), await store()];
    const emptied = new Promise<(record: ReturnType<typeof sessionRecord>) => Promise<void>>(
      (resolve) => {
        there.bus.watch((change) => change.kind === "emptied" && resolve(change.restore));
      },
    );
    await empty();
    const restore = await emptied;
    const record = sessionRecord("a", { expiresAtMs: Date.now() + 60_000 });
    await restore(record);
    expect(await here.sessions.load("a")).toEqual(record);
    expect(await here.sessions.end(sessionRecord("a"))).toMatchObject({
      key: "a",
      owner: record.owner,
    });
    await restore(record);
    expect(await here.sessions.load("a")).toBeUndefined();
    expect(await here.sessions.count()).toBe(0);
  });

  it("gives every expired session to 1 of 2 reapers", async () => {
    let nowMs = Date.now();
    const [here, there] = [await store(() => nowMs), await store(() => nowMs)];
    for (let index = 0; index < 20; index += 1) {
      await here.sessions.create(sessionRecord(`s${index}`, { expiresAtMs: nowMs + 1_000 }), {
        maxSessions: 100,
      });
    }
    const changes = watched(there);
    nowMs += 1_000;
    const taken = await Promise.all(
      [here, there, here, there].map((one) => one.sessions.takeExpired(8)),
    );
    expect(new Set(taken.flat().map(({ key }) => key)).size).toBe(20);
    expect(taken.flat()).toHaveLength(20);
    await expect.poll(() => changes).toHaveLength(20);
    // The records stay for a while, so that a reaper that is late still finds them, and then go.
    const ttl = await server.ask("PTTL", `${settings.keyPrefix}session:s0`);
    expect(ttl).toBeGreaterThan(0);
    expect(ttl).toBeLessThanOrEqual(300_000);
  });
});
