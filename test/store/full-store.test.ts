import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { RedisStore } from "../../runtime/store/redis/redis-store.ts";
import { useEveryOperation } from "../../testkit/processes/every-operation.ts";
import { hasRedis, RedisProcess } from "../../testkit/processes/redis.ts";
import { makeOld, openStore, redisAt } from "../../testkit/processes/redis-store.ts";
import { sessionRecord } from "../../testkit/processes/session-record.ts";

const caps = { maxSessions: 100_000 };
const full = { code: "STORE_FULL", statusCode: 503, retryAfterSeconds: 2 };
const live = (key: string, more = {}) =>
  sessionRecord(key, { expiresAtMs: Date.now() + 600_000, ...more });

describe.skipIf(!hasRedis)("a store that has used its maxmemory", () => {
  let server: RedisProcess;
  let store: RedisStore;
  let prefix: string;

  beforeEach(async () => {
    server = await RedisProcess.server(["maxmemory-policy noeviction"]);
    const settings = redisAt(server);
    prefix = settings.keyPrefix;
    await makeOld(server, settings);
    store = await openStore(settings);
    return async () => {
      await store.close();
      await server.stop();
    };
  });

  const fill = () => server.ask("CONFIG", "SET", "maxmemory", "1");
  const room = () => server.ask("CONFIG", "SET", "maxmemory", "0");

  afterEach(room);

  it("refuses new sessions and subscriptions by name, and does everything else for 1 open session", async () => {
    const record = live("a");
    const subscription = { backend: "backend", uri: "file:///a" };
    await store.sessions.create(record, caps);
    await store.sessions.subscribe("a", subscription);
    await store.secrets.signingKey();
    await fill();

    await expect(store.sessions.create(live("b"), caps)).rejects.toMatchObject(full);
    await expect(
      store.sessions.subscribe("a", { ...subscription, uri: "file:///b" }),
    ).rejects.toMatchObject(full);

    const { sessions, pods, leases, bus, secrets } = store;
    const upstream = { sessionId: "1", protocol: "2025-11-25", pod: "pod-0", epoch: 1 };
    expect(await sessions.load("a")).toMatchObject({ subscriptions: [subscription] });
    expect(await sessions.touch(record, Date.now() + 900_000)).toBe(true);
    expect(await sessions.setLogLevel("a", "info")).toMatchObject({ logLevel: "info" });
    expect(await sessions.unsubscribe("a", subscription)).toMatchObject({ subscriptions: [] });
    expect(await pods.pin(record, "backend", ["pod-0", "pod-1"])).toBe("pod-0");
    expect(await sessions.setUpstream(record, "backend", upstream)).toMatchObject({
      upstreams: { backend: upstream },
    });
    expect(await pods.count("backend", ["pod-0"])).toEqual([1]);
    expect(await pods.sessionsOn("backend", "pod-0", 10)).toEqual(["a"]);
    await pods.setDraining({ backend: "backend", pod: "pod-0" }, true);
    expect(await pods.draining()).toEqual([{ backend: "backend", pod: "pod-0" }]);
    expect(await leases.take("a", "open", "holder", 1_000)).toBe(true);
    expect(await leases.isTaken("a", "open")).toBe(true);
    await leases.release("a", "open", "holder");
    await bus.cancel("a", "1");
    await bus.listsChanged("view", "backend");
    await sessions.restore(live("c"));
    expect(await sessions.count()).toBe(2);
    expect(await secrets.signingKey()).toHaveLength(32);
    expect(await sessions.end(record)).toMatchObject({ upstreams: { backend: upstream } });
    expect(await sessions.takeExpired(10)).toEqual([]);
  });

  it("runs each of its operations, but for create and subscribe, also where nothing was there before", async () => {
    await store.sessions.create(live("a"), caps);
    await fill();
    const outcomes = await useEveryOperation(store);
    const refused = outcomes.filter((outcome) => outcome !== undefined);
    // create four times, subscribe, the signing key of a fleet that is new, and a limit that nobody has used yet.
    expect(refused).toHaveLength(7);
    for (const outcome of refused) expect(outcome).toMatchObject(full);
  });

  it("has a signing key for a process that starts, and changes for it to follow", async () => {
    const key = await store.secrets.signingKey();
    await fill();
    const settings = redisAt(server, { keyPrefix: prefix });
    const second = await openStore(settings);
    expect(await second.secrets.signingKey()).toEqual(key);
    await second.close();
    await server.ask("DEL", `${prefix}generation`);
    const third = await openStore(settings);
    await third.close();
    expect(await server.ask("EXISTS", `${prefix}generation`)).toBe(1);
  });

  it("takes the next session as soon as there is room", async () => {
    await fill();
    await expect(store.sessions.create(live("a"), caps)).rejects.toMatchObject(full);
    await room();
    expect(await store.sessions.create(live("a"), caps)).toBe("created");
  });

  it("keeps of 1 ended session of 40 KB a tombstone of less than 400 B, for 60 s", async () => {
    const big = live("a", { clientInfo: JSON.stringify({ name: "x".repeat(20_000) }) });
    await store.sessions.create(big, caps);
    await store.sessions.subscribe("a", { backend: "one", uri: "x".repeat(20_000) });
    expect(await server.ask("MEMORY", "USAGE", `${prefix}session:a`)).toBeGreaterThan(40_000);
    await store.sessions.end(big);
    expect(await server.ask("MEMORY", "USAGE", `${prefix}session:a`)).toBeLessThan(400);
    const leftMs = Number(await server.ask("PTTL", `${prefix}session:a`));
    expect(leftMs).toBeGreaterThan(50_000);
    expect(leftMs).toBeLessThanOrEqual(60_000);
  });

  it("keeps the tombstones beyond 10,000 for no more than 5 s each", async () => {
    const soon = String(Date.now() + 30_000);
    const members = Array.from({ length: 10_000 }, (_, index) => [soon, `old-${index}`]).flat();
    await server.ask("ZADD", `${prefix}ended`, ...members);
    await store.sessions.create(live("a"), caps);
    await store.sessions.end(live("a"));
    expect(Number(await server.ask("PTTL", `${prefix}session:a`))).toBeLessThanOrEqual(5_000);
  });
});
