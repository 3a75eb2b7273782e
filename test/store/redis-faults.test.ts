import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RedisSettings } from "@mcp-fleet/contract/settings";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { RedisStore } from "../../runtime/store/redis/redis-store.ts";
import { Metrics } from "../../runtime/telemetry/metrics.ts";
import { ACL_COMMANDS } from "../../testkit/processes/acl-commands.ts";
import { freePort } from "../../testkit/processes/free-ports.ts";
import { hasRedis, hasRedisTls, RedisProcess } from "../../testkit/processes/redis.ts";
import { makeOld, openStore, redisAt } from "../../testkit/processes/redis-store.ts";
import { selfSigned } from "../../testkit/processes/self-signed.ts";
import { sessionRecord } from "../../testkit/processes/session-record.ts";
import { log } from "../../testkit/processes/test-log.ts";
import { eventually } from "../../testkit/vitest/eventually.ts";
import { StoppedClock } from "../../testkit/vitest/stopped-clock.ts";

// What waits there waits by the clock that a test has stopped, too.
vi.mock("node:timers/promises", () => import("../../testkit/vitest/timer-promises.ts"));

/** The longest that anybody waits for the store, and for one command of it. */
const BUDGET_MS = 2_500;
const COMMAND_MS = 1_000;

const caps = { maxSessions: 100 };
const unavailable = { code: "STORE_UNAVAILABLE", statusCode: 503, retryAfterSeconds: 2 };

describe.skipIf(!hasRedis)("a Redis at fault", () => {
  const cleanUps: (() => unknown)[] = [];
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "mcp-fleet-redis-test-"));
    cleanUps.push(() => rmSync(folder, { recursive: true }));
  });

  afterEach(async () => {
    for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
  });

  const start = async (...args: Parameters<typeof RedisProcess.server>) => {
    const server = await RedisProcess.server(...args);
    cleanUps.push(() => server.stop());
    return server;
  };

  const open = async (settings: RedisSettings) => {
    const store = await openStore(settings);
    cleanUps.push(() => store.close());
    return store;
  };

  const live = (key: string) => sessionRecord(key, { expiresAtMs: Date.now() + 600_000 });

  /** Every operation of the store, for a session that is there. */
  const operations = (store: RedisStore, key: string): readonly Promise<unknown>[] => [
    store.sessions.create(live("new"), caps),
    store.sessions.load(key),
    store.sessions.touch(sessionRecord(key), Date.now()),
    store.sessions.setLogLevel(key, "info"),
    store.sessions.subscribe(key, { backend: "one", uri: "file:///a" }),
    store.sessions.unsubscribe(key, { backend: "one", uri: "file:///a" }),
    store.sessions.setUpstream(sessionRecord(key), "one", { protocol: "2025-11-25", epoch: 1 }),
    store.pods.pin(sessionRecord(key), "one", ["counter-0"]),
    store.pods.count("one", ["counter-0"]),
    store.pods.sessionsOn("one", "counter-0", 10),
    store.pods.setDraining({ backend: "one", pod: "counter-0" }, false),
    store.pods.draining(),
    store.leases.isTaken(key, "open:"),
    store.leases.take(key, "open:one", "me", 1_000),
    store.leases.release(key, "open:one", "me"),
    store.sessions.takeExpired(10),
    store.sessions.count(),
    store.sessions.end(sessionRecord(key)),
  ];

  const expectRefused = (outcomes: readonly PromiseSettledResult<unknown>[]) => {
    for (const outcome of outcomes) {
      expect(outcome).toMatchObject({ status: "rejected", reason: unavailable });
    }
  };

  const refused = async (...work: readonly Promise<unknown>[]) =>
    expectRefused(await Promise.allSettled(work));

  /** What comes when the store has been away for longer than the budget waits for nothing: no time passes for it. */
  const refusedAtOnce = (clock: StoppedClock, store: RedisStore) =>
    eventually(async () => expectRefused(await clock.within(0, operations(store, "a"))));

  it("refuses all 18 operations 2.5 s after they began while it is frozen, then at once, and recovers", async () => {
    const server = await start();
    const clock = StoppedClock.stop();
    const store = await open(redisAt(server));
    const record = live("a");
    await store.sessions.create(record, caps);
    server.freeze();
    expectRefused(await clock.within(BUDGET_MS, operations(store, "a")));
    await refusedAtOnce(clock, store);
    server.thaw();
    await eventually(async () =>
      expect(await store.sessions.load("b").catch((error) => error.message)).toBe(
        "the session store came back empty and is being refilled",
      ),
    );
    await eventually(async () => expect(await store.sessions.count()).toBeLessThanOrEqual(2));
  });

  it("refuses 2.5 s after it is gone, then at once, and goes on once it is back", async () => {
    const server = await start();
    const clock = StoppedClock.stop();
    const store = await open(redisAt(server));
    await server.kill();
    expectRefused(await clock.within(BUDGET_MS, operations(store, "a")));
    await refusedAtOnce(clock, store);
    await server.restart();
    await eventually(async () =>
      expect(await store.sessions.create(live("a"), caps)).toBe("created"),
    );
  });

  it("hides that it was gone for 2 s", async () => {
    const server = await start();
    const clock = StoppedClock.stop();
    const settings = redisAt(server);
    const store = await open(settings);
    await server.kill();
    const created = store.sessions.create(live("a"), caps);
    await clock.pass(2_000);
    await server.restart();
    // By then it has connected again.
    await clock.pass(BUDGET_MS - 2_000 - 100);
    expect(await created).toBe("created");
  });

  it("starts without it, and is there when it comes", async () => {
    const server = await start();
    await server.kill();
    const store = new RedisStore({ settings: redisAt(server), metrics: new Metrics(), log });
    cleanUps.push(() => store.close());
    await refused(store.sessions.count());
    await server.restart();
    await store.opened;
    // Changes are heard on another connection than the one that commands go through.
    await expect.poll(() => store.sessions.create(live("a"), caps)).toBe("created");
  });

  it("counts operations and errors by operation", async () => {
    const server = await start();
    const metrics = new Metrics();
    const store = new RedisStore({ settings: redisAt(server), metrics, log });
    cleanUps.push(() => store.close());
    await store.sessions.create(live("a"), caps);
    await store.sessions.load("a");
    await store.sessions.load("a");
    await store.close();
    await expect(store.sessions.load("a")).rejects.toMatchObject(unavailable);
    const text = await metrics.text();
    expect(text).toContain('mcp_fleet_store_seconds_count{operation="load"} 3');
    expect(text).toContain('mcp_fleet_store_errors_total{operation="load"} 1');
    expect(text).not.toContain('mcp_fleet_store_errors_total{operation="create"}');
  });

  it("answers the record of a session to whoever ended it, although the 1st answer came after its 1 s", async () => {
    const server = await start();
    const clock = StoppedClock.stop();
    const settings = redisAt(server);
    await makeOld(server, settings);
    const store = await open(settings);
    const upstreams = { one: { sessionId: "u", protocol: "2025-11-25", epoch: 1 } };
    const record = { ...live("a"), upstreams };
    await store.sessions.create(record, caps);
    // Not the first one, so that the server knows the script.
    await store.sessions.end(sessionRecord("b"));
    server.freeze();
    const ended = store.sessions.end(sessionRecord("a"));
    // By then the 1st try has been given up and the 2nd is on its way: the server gets to see both.
    await clock.pass(COMMAND_MS + 200);
    server.thaw();
    expect(await ended).toEqual({ key: "a", owner: record.owner, upstreams });
  });

  it("lets in an ACL user with only the commands and keys that it needs, and follows its password file", async () => {
    const passwordFile = join(folder, "password");
    writeFileSync(passwordFile, "first\n");
    const admin = { username: "admin", password: "admin" };
    const server = await start(["user admin on >admin ~* &* +@all", "user default off"], admin);
    const settings = redisAt(server, { username: "gateway", passwordFile, db: 3 });
    const rules = ["resetkeys", `~${settings.keyPrefix}*`, ...ACL_COMMANDS];
    await server.ask("ACL", "SETUSER", "gateway", "on", ">first", ...rules);
    const store = await open(settings);
    await Promise.all(operations(store, "new"));
    expect(await store.secrets.signingKey()).toHaveLength(32);
    await store.sessions.create(live("a"), caps);

    await server.ask("ACL", "SETUSER", "gateway", "resetpass", ">second");
    await server.ask("CLIENT", "KILL", "USER", "gateway");
    await refused(store.sessions.load("a"));
    writeFileSync(passwordFile, "second\n");
    await expect.poll(() => store.sessions.load("a")).toMatchObject({ key: "a" });
  });

  it.skipIf(!hasRedisTls)(
    "speaks TLS to a certificate of its authority and name, and to no other",
    async () => {
      const { cert, key } = selfSigned(folder);
      const client = { tls: { ca: [], rejectUnauthorized: false } };
      const config = [`tls-cert-file ${cert}`, `tls-key-file ${key}`, `tls-ca-cert-file ${cert}`];
      const server = await start([...config, "tls-auth-clients no"], client);
      const tls = { caFile: cert, servername: "redis.test" };
      const store = await open(redisAt(server, { tls }));
      expect(await store.sessions.create(live("a"), caps)).toBe("created");
      const unverified = await open(redisAt(server, { tls: { acceptUnverified: "a test" } }));
      expect(await unverified.sessions.create(live("b"), caps)).toBe("created");
      const wrong = [{ caFile: cert, servername: "other.test" }, { servername: "redis.test" }];
      const counts = wrong.map((one) => {
        const settings = redisAt(server, { tls: one });
        const refused = new RedisStore({ settings, metrics: new Metrics(), log });
        cleanUps.push(() => refused.close());
        return refused.sessions.count();
      });
      await refused(...counts);
    },
  );

  it("of a Redis Cluster is refused by name, and told to set cluster, and so is one whose user may not ask for INFO", async () => {
    const server = await start(["cluster-enabled yes", `cluster-port ${await freePort()}`]);
    await server.ask("CLUSTER", "ADDSLOTSRANGE", "0", "16383");
    await eventually(async () => {
      expect(await server.ask("CLUSTER", "INFO")).toContain("cluster_state:ok");
    });
    await server.ask("ACL", "SETUSER", "mute", "on", ">secret", "~*", "&*", "+@all", "-info");
    const passwordFile = join(folder, "password");
    writeFileSync(passwordFile, "secret");
    for (const more of [{}, { username: "mute", passwordFile }]) {
      const settings = redisAt(server, more);
      const store = new RedisStore({ settings, metrics: new Metrics(), log });
      cleanUps.push(() => store.close());
      const address = `127.0.0.1:${server.port}`;
      await expect(store.opened).rejects.toMatchObject({
        name: "ConfigError",
        faults: [
          {
            path: "sessionStorage.address",
            value: `"${address}"`,
            fix: `set sessionStorage.cluster instead: {"addrs": ["${address}"]}`,
          },
        ],
      });
    }
  });

  it("keeps 2 stores of other prefixes in one database apart", async () => {
    const server = await start();
    const [one, other] = [redisAt(server), redisAt(server)];
    await makeOld(server, other);
    const here = await open(one);
    await here.sessions.create(live("a"), caps);
    expect(await (await open(other)).sessions.load("a")).toBeUndefined();
  });
});
