import type { RedisSettings } from "@mcp-fleet/contract/settings";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { RedisStore } from "../../runtime/store/redis/redis-store.ts";
import { hasRedis, type RedisProcess } from "../../testkit/processes/redis.ts";
import { openStore } from "../../testkit/processes/redis-store.ts";
import { SentinelGroup } from "../../testkit/processes/sentinel-group.ts";
import { sessionRecord } from "../../testkit/processes/session-record.ts";
import { StoreLoad } from "../../testkit/processes/store-load.ts";

const PATIENCE = { interval: 50 };
const caps = { maxSessions: 1_000_000 };

describe.skipIf(!hasRedis)("3 Redis servers and 3 Sentinels", () => {
  let group: SentinelGroup;
  let store: RedisStore;

  beforeEach(async () => {
    group = await SentinelGroup.start();
    const settings: RedisSettings = {
      provider: "redis",
      db: 0,
      keyPrefix: "fleet:",
      recordFormat: 1,
      sentinel: {
        masterName: "fleet",
        addresses: group.sentinels.map(({ port }) => ({ host: "127.0.0.1", port })),
      },
    };
    await group.master.ask("HSET", "fleet:generation", "id", "first", "since", "0");
    store = await openStore(settings);
  });

  afterEach(async () => {
    await store?.close();
    await group.stop();
  });

  it.each([
    ["killed", (master: RedisProcess) => void master.kill()],
    ["frozen", (master: RedisProcess) => master.freeze()],
  ])("loses no confirmed session and no confirmed end when the master is %s", async (_, fail) => {
    const load = new StoreLoad(store);
    await expect.poll(() => load.ended.size, PATIENCE).toBeGreaterThan(100);
    fail(group.master);
    await group.replaced();
    const before = load.created.size;
    await expect.poll(() => load.created.size, PATIENCE).toBeGreaterThan(before + 500);
    group.master.thaw();
    await load.stop();
    expect(load.refusals.filter(({ code }) => code !== "STORE_UNAVAILABLE")).toEqual([]);
    expect(await load.lost()).toEqual({ sessions: 0, ends: 0 });
  });

  it("does not believe a master that 0 replicas follow that there is no such session", async () => {
    const record = sessionRecord("a", { expiresAtMs: Date.now() + 600_000 });
    await store.sessions.create(record, caps);
    expect(await store.sessions.load("nobody")).toBeUndefined();
    for (const replica of group.replicas) await replica.kill();
    const unavailable = { code: "STORE_UNAVAILABLE" };
    await Promise.all([
      expect(store.sessions.load("nobody")).rejects.toMatchObject(unavailable),
      expect(store.sessions.touch(sessionRecord("nobody"), Date.now())).rejects.toMatchObject(
        unavailable,
      ),
      expect(store.sessions.end(sessionRecord("nobody"))).rejects.toMatchObject(unavailable),
    ]);
    await expect.poll(() => store.sessions.load("a"), PATIENCE).toEqual(record);
  });
});
