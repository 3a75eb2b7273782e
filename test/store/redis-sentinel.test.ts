import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { RedisSettings } from "@mcp-fleet/contract/settings";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { RedisStore } from "../../runtime/store/redis/redis-store.ts";
import { FleetError } from "../../runtime/wire/fleet-error.ts";
import { hasRedis, type RedisProcess } from "../../testkit/processes/redis.ts";
import { openStore } from "../../testkit/processes/redis-store.ts";
import { SentinelGroup } from "../../testkit/processes/sentinel-group.ts";
import { sessionRecord } from "../../testkit/processes/session-record.ts";

const PATIENCE = { timeout: 30_000, interval: 50 };
/** The budget of 2.5 s, and what a busy machine adds. */
const BOUND_MS = 3_500;
const caps = { maxSessions: 1_000_000 };

/** Clients that open sessions and end every second one, and what the store has confirmed to them. */
class Load {
  readonly created = new Set<string>();
  readonly ended = new Set<string>();
  readonly refusals: FleetError[] = [];
  longestMs = 0;
  readonly #store: RedisStore;
  readonly #workers: Promise<void>[];
  #stopped = false;

  constructor(store: RedisStore) {
    this.#store = store;
    this.#workers = Array.from({ length: 8 }, () => this.#work());
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#workers);
  }

  async #work(): Promise<void> {
    for (let turn = 0; !this.#stopped; turn += 1) {
      const key = randomUUID();
      const record = sessionRecord(key, { expiresAtMs: Date.now() + 600_000 });
      const created = await this.#try(() => this.#store.sessions.create(record, caps));
      if (created === undefined) continue;
      this.created.add(key);
      if (turn % 2 === 0) continue;
      // Refused is not undone: whether such a session is still there is not known.
      this.created.delete(key);
      if ((await this.#try(() => this.#store.sessions.end(sessionRecord(key)))) !== undefined)
        this.ended.add(key);
    }
  }

  async #try<T>(work: () => Promise<T>): Promise<T | undefined> {
    const startMs = performance.now();
    try {
      return await work().finally(() => {
        this.longestMs = Math.max(this.longestMs, performance.now() - startMs);
      });
    } catch (error) {
      if (!(error instanceof FleetError)) throw error;
      this.refusals.push(error);
      // Once it refuses at once, asking again without a pause would leave the process no time to reconnect.
      await delay(20);
      return undefined;
    }
  }
}

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
    const load = new Load(store);
    await expect.poll(() => load.ended.size, PATIENCE).toBeGreaterThan(100);
    fail(group.master);
    await group.replaced();
    const before = load.created.size;
    await expect.poll(() => load.created.size, PATIENCE).toBeGreaterThan(before + 500);
    group.master.thaw();
    await load.stop();
    expect(load.refusals.filter(({ code }) => code !== "STORE_UNAVAILABLE")).toEqual([]);
    expect(load.longestMs).toBeLessThan(BOUND_MS);
    const all = async (keys: ReadonlySet<string>) =>
      new Set(
        (await Promise.all([...keys].map((key) => store.sessions.load(key)))).map((r) => r?.key),
      );
    expect(await all(load.created)).toEqual(load.created);
    expect(await all(load.ended)).toEqual(new Set([undefined]));
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
