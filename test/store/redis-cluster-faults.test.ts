import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RedisSettings } from "@mcp-fleet/contract/settings";
import { afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { RedisStore } from "../../runtime/store/redis/redis-store.ts";
import { Metrics } from "../../runtime/telemetry/metrics.ts";
import { ACL_COMMANDS } from "../../testkit/processes/acl-commands.ts";
import { useEveryOperation } from "../../testkit/processes/every-operation.ts";
import { freePort } from "../../testkit/processes/free-ports.ts";
import { hasRedis, hasRedisTls, RedisProcess } from "../../testkit/processes/redis.ts";
import { RedisCluster, slotOf } from "../../testkit/processes/redis-cluster.ts";
import { makeOld, openStore, redisIn } from "../../testkit/processes/redis-store.ts";
import { selfSigned } from "../../testkit/processes/self-signed.ts";
import { sessionRecord } from "../../testkit/processes/session-record.ts";
import { StoreLoad } from "../../testkit/processes/store-load.ts";
import { log } from "../../testkit/processes/test-log.ts";
import { writtenLog } from "../../testkit/processes/written-log.ts";

const PATIENCE = { interval: 50 };
const caps = { maxSessions: 1_000_000 };
const unavailable = { code: "STORE_UNAVAILABLE", statusCode: 503, retryAfterSeconds: 2 };
const EVERY_SLOT = ["CLUSTER", "ADDSLOTSRANGE", "0", "16383"] as const;

const live = (key: string) => sessionRecord(key, { expiresAtMs: Date.now() + 600_000 });

/** Every refusal is one that clients repeat. */
const expectRepeatable = ({ refusals }: StoreLoad) =>
  expect(refusals.filter(({ code }) => code !== "STORE_UNAVAILABLE")).toEqual([]);

/** A store whose keys are on this shard, with its settings. */
async function openOn(cluster: RedisCluster, shard: 0 | 1 | 2) {
  const settings = redisIn(cluster, cluster.prefixOn(shard));
  await makeOld(cluster.masterOf(settings.keyPrefix), settings);
  const store = await openStore(settings);
  onTestFinished(() => store.close());
  return { store, settings };
}

describe.skipIf(!hasRedis)("a cluster of 3 shards", () => {
  let cluster: RedisCluster;

  beforeAll(async () => {
    cluster = await RedisCluster.start();
    return () => cluster.stop();
  });

  it("connects each of a process's 3 connections to the shard of its keys, whatever node is named", async () => {
    const settings = redisIn(cluster, cluster.prefixOn(2));
    await makeOld(cluster.masterOf(settings.keyPrefix), settings);
    const [first] = cluster.masters;
    if (first === undefined) throw new Error("a cluster has masters");
    const { nodes: others } = cluster;
    const before = await Promise.all(others.map((node) => clientsOf(node)));
    const addresses = [{ host: "127.0.0.1", port: first.port }];
    const store = await openStore({ ...settings, cluster: { addresses, natMap: {}, shards: 3 } });
    onTestFinished(() => store.close());
    await store.sessions.create(live("a"), caps);
    await expect
      .poll(async () => {
        const now = await Promise.all(others.map((node) => clientsOf(node)));
        return now.map((count, index) => count - (before[index] ?? 0));
      })
      .toEqual([0, 0, 3, 0]);
  });

  it("is known by its 3 shards, and by the replica of the first", async () => {
    const states = [];
    for (const shard of [0, 1] as const) states.push((await openOn(cluster, shard)).store.cluster);
    expect(states).toEqual([
      { shards: 3, replicas: 1, confirmed: true },
      { shards: 3, replicas: 0, confirmed: false },
    ]);
  });

  it("keeps every session while the slot of all keys is moved to another shard, and gives them all to it", async () => {
    const { store, settings } = await openOn(cluster, 1);
    const [, from, to] = cluster.masters;
    if (from === undefined || to === undefined) throw new Error("a cluster has 3 masters");
    const load = new StoreLoad(store);
    await expect.poll(() => load.ended.size, PATIENCE).toBeGreaterThan(100);
    await cluster.moveSlot(settings.keyPrefix, to);
    const before = load.created.size;
    await expect.poll(() => load.created.size, PATIENCE).toBeGreaterThan(before + 300);
    await load.stop();
    expectRepeatable(load);
    expect(await load.lost()).toEqual({ sessions: 0, ends: 0 });
    expect(await store.sessions.count()).toBe(load.created.size);
    expect(await keysIn(from, settings)).toBe(0);
    expect(await keysIn(to, settings)).toBeGreaterThan(load.created.size);
  });

  it("tells another process of 1 end before a slot is moved, and of 1 after", async () => {
    const { store, settings } = await openOn(cluster, 1);
    const other = await openStore(settings);
    onTestFinished(() => other.close());
    const heard = new Set<string>();
    other.bus.watch((change) => {
      if (change.kind === "ended") heard.add(change.key);
    });
    const end = async (key: string) => {
      await store.sessions.create(live(key), caps);
      await expect.poll(() => store.sessions.end(live(key)).catch(() => undefined)).toBeDefined();
    };
    await end("before");
    await expect.poll(() => heard.has("before")).toBe(true);
    await cluster.moveSlot(settings.keyPrefix, cluster.masters[2] ?? cluster.replica);
    await end("after");
    await expect.poll(() => heard.has("after")).toBe(true);
  });

  it("asks a replica where the shard has one, and takes the word of a master that is alone", async () => {
    const [first, alone] = [await openOn(cluster, 0), await openOn(cluster, 1)];
    /** How long a node may be silent before the others take it for lost. */
    const configure = (timeoutMs: string) =>
      Promise.all(
        cluster.masters.map((master) =>
          master.ask("CONFIG", "SET", "cluster-node-timeout", timeoutMs),
        ),
      );
    const created = async ({ store }: { store: RedisStore }) =>
      store.sessions.create(live("a"), caps).catch(({ code }) => code);
    expect(await Promise.all([created(first), created(alone)])).toEqual(["created", "created"]);
    await configure("60000");
    cluster.replica.freeze();
    onTestFinished(() => cluster.replica.thaw());
    await Promise.all([
      expect(first.store.sessions.load("nobody")).rejects.toMatchObject(unavailable),
      expect(first.store.sessions.create(live("b"), caps)).rejects.toMatchObject(unavailable),
    ]);
    expect(await first.store.sessions.load("a")).toMatchObject({ key: "a" });
    expect(await alone.store.sessions.load("nobody")).toBeUndefined();
    // As soon as the cluster says that the replica is lost, there is nobody to ask.
    await configure("1000");
    await expect
      .poll(() => first.store.sessions.create(live("c"), caps).catch(() => ""))
      .toBe("created");
  });
});

describe.skipIf(!hasRedis)("a cluster of a service that has replicas and no WAIT", () => {
  let cluster: RedisCluster;

  beforeAll(async () => {
    cluster = await RedisCluster.start(['rename-command WAIT ""']);
    return () => cluster.stop();
  });

  it("is believed without a replica's word, which the log says once for 3 sessions", async () => {
    const settings = redisIn(cluster, cluster.prefixOn(0));
    await makeOld(cluster.masterOf(settings.keyPrefix), settings);
    const { log: written, lines } = writtenLog();
    const store = new RedisStore({ settings, metrics: new Metrics(), log: written });
    onTestFinished(() => store.close());
    await store.opened;
    expect(store.cluster).toEqual({ shards: 3, replicas: 1, confirmed: true });
    for (const key of ["a", "b", "c"]) {
      expect(await store.sessions.create(live(key), caps)).toBe("created");
    }
    expect(await store.sessions.load("nobody")).toBeUndefined();
    expect(store.cluster).toEqual({ shards: 3, replicas: 1, confirmed: false });
    expect(lines.filter(({ msg }) => msg.includes("no WAIT"))).toHaveLength(1);
  });
});

describe.skipIf(!hasRedis)("a cluster of 3 shards that loses a node", () => {
  let cluster: RedisCluster;

  beforeEach(async () => {
    cluster = await RedisCluster.start();
    return () => cluster.stop();
  });

  it.each([
    ["killed", (master: RedisProcess) => void master.kill()],
    ["frozen", (master: RedisProcess) => master.freeze()],
  ])(
    "loses no confirmed session and no confirmed end when the master of the shard is %s, and 0 requests to another shard are refused meanwhile",
    async (_, fail) => {
      const { store } = await openOn(cluster, 0);
      const elsewhere = await openOn(cluster, 1);
      const [load, other] = [new StoreLoad(store), new StoreLoad(elsewhere.store, 1)];
      await expect.poll(() => load.ended.size, PATIENCE).toBeGreaterThan(100);
      const [master] = cluster.masters;
      if (master === undefined) throw new Error("a cluster has masters");
      fail(master);
      await cluster.replaced();
      const before = load.created.size;
      await expect.poll(() => load.created.size, PATIENCE).toBeGreaterThan(before + 300);
      master.thaw();
      await Promise.all([load.stop(), other.stop()]);
      expectRepeatable(load);
      expect(await load.lost()).toEqual({ sessions: 0, ends: 0 });
      expect(other.refusals).toEqual([]);
      expect(await other.lost()).toEqual({ sessions: 0, ends: 0 });
    },
  );

  it("says of a session that it is unavailable, and never that there is none, while keys are on 2 shards and while another shard is lost", async () => {
    const { store, settings } = await openOn(cluster, 1);
    const [, from, to] = cluster.masters;
    if (from === undefined || to === undefined) throw new Error("a cluster has 3 masters");
    await store.sessions.create(live("a"), caps);
    const refused = async () => {
      await expect(store.sessions.load("a")).rejects.toMatchObject(unavailable);
      await expect(store.sessions.load("none")).rejects.toMatchObject(unavailable);
    };
    const answers = () =>
      expect
        .poll(() => store.sessions.load("a").catch(() => undefined))
        .toMatchObject({ key: "a" });

    await cluster.beginMove(settings.keyPrefix, to);
    await cluster.moveKey(`${settings.keyPrefix}session:a`, to);
    await refused();
    await cluster.endMove(settings.keyPrefix, to);
    await answers();

    // By default a cluster that has lost the master of any slot serves none.
    await cluster.masters[1]?.kill();
    await expect.poll(() => to.ask("CLUSTER", "INFO"), PATIENCE).toContain("cluster_state:fail");
    await refused();
    await from.restart();
    await answers();
  });
});

describe.skipIf(!hasRedis)("a cluster of 1 node", () => {
  const cleanUps: (() => unknown)[] = [];
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "mcp-fleet-cluster-test-"));
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

  /** A node with all slots that serves, with these lines in its configuration. */
  const startCluster = async (...[config = [], client]: Parameters<typeof RedisProcess.server>) => {
    // The usual one, 10,000 above the other, may be that of a connection.
    const bus = `cluster-port ${await freePort()}`;
    const announced = ["cluster-enabled yes", bus, "cluster-announce-ip 127.0.0.1", ...config];
    const node = await start(announced, client);
    await node.ask(...EVERY_SLOT);
    await expect.poll(() => node.ask("CLUSTER", "INFO"), PATIENCE).toContain("cluster_state:ok");
    return node;
  };

  const settingsAt = (
    { port }: RedisProcess,
    more: Partial<RedisSettings> = {},
    cluster: Partial<NonNullable<RedisSettings["cluster"]>> = {},
  ): RedisSettings => ({
    provider: "redis",
    db: 0,
    keyPrefix: "{fleet}:",
    recordFormat: 1,
    cluster: { addresses: [{ host: "127.0.0.1", port }], natMap: {}, shards: 1, ...cluster },
    ...more,
  });

  const open = async (settings: RedisSettings) => {
    const store = await openStore(settings);
    cleanUps.push(() => store.close());
    return store;
  };

  it("that announces an address that is not reachable is reached by natMap", async () => {
    const node = await startCluster(["cluster-announce-ip 192.0.2.1"]);
    const announced = `192.0.2.1:${node.port}`;
    const natMap = { [announced]: { host: "127.0.0.1", port: node.port } };
    const store = await open(settingsAt(node, {}, { natMap }));
    expect(await store.sessions.create(live("a"), caps)).toBe("created");
  });

  it("lets in an ACL user with only the commands and keys that it needs, and follows its password file", async () => {
    const passwordFile = join(folder, "password");
    writeFileSync(passwordFile, "first\n");
    const admin = { username: "admin", password: "admin" };
    const node = await startCluster(
      ["user admin on >admin ~* &* +@all", "user default off"],
      admin,
    );
    const rules = ["resetkeys", "~{fleet}:*", ...ACL_COMMANDS, "+cluster|slots"];
    await node.ask("ACL", "SETUSER", "gateway", "on", ">first", ...rules);
    const settings = settingsAt(node, { username: "gateway", passwordFile });
    await makeOld(node, settings);
    const store = await open(settings);
    for (const outcome of await useEveryOperation(store)) expect(outcome).toBeUndefined();

    await store.sessions.create(live("z"), caps);
    await node.ask("ACL", "SETUSER", "gateway", "resetpass", ">second");
    await node.ask("CLIENT", "KILL", "USER", "gateway");
    await expect(store.sessions.load("z")).rejects.toMatchObject(unavailable);
    writeFileSync(passwordFile, "second\n");
    await expect
      .poll(() => store.sessions.load("z").catch(() => undefined))
      .toMatchObject({ key: "z" });
  });

  it.skipIf(!hasRedisTls)(
    "that announces a name speaks TLS to whoever checks that name, and to no other",
    async () => {
      const { cert, key } = selfSigned(folder);
      const node = await startCluster(
        [
          `tls-cert-file ${cert}`,
          `tls-key-file ${key}`,
          `tls-ca-cert-file ${cert}`,
          "tls-auth-clients no",
          "tls-cluster yes",
          "cluster-announce-hostname localhost",
          "cluster-preferred-endpoint-type hostname",
        ],
        { tls: { ca: [], rejectUnauthorized: false } },
      );
      const tls = { caFile: cert, servername: "redis.test" };
      const store = await open(settingsAt(node, { tls }));
      expect(await store.sessions.create(live("a"), caps)).toBe("created");
      // Without a name of its own, that of each node is checked.
      const wrong = new RedisStore({
        settings: settingsAt(node, { tls: { caFile: cert } }),
        metrics: new Metrics(),
        log,
      });
      cleanUps.push(() => wrong.close());
      await expect(wrong.sessions.count()).rejects.toMatchObject(unavailable);
    },
  );

  it("is told from a server without cluster mode by name, and what to set instead", async () => {
    const server = await start();
    const settings = settingsAt(server);
    const store = new RedisStore({ settings, metrics: new Metrics(), log });
    cleanUps.push(() => store.close());
    await expect(store.opened).rejects.toMatchObject({
      name: "ConfigError",
      faults: [
        {
          path: "sessionStorage.cluster.addrs",
          fix: `set sessionStorage.address instead: 127.0.0.1:${server.port}`,
        },
      ],
    });
  });
});

async function keysIn(node: RedisProcess, { keyPrefix }: RedisSettings): Promise<number> {
  return Number(await node.ask("CLUSTER", "COUNTKEYSINSLOT", String(slotOf(keyPrefix))));
}

async function clientsOf(node: RedisProcess): Promise<number> {
  const found = String(await node.ask("CLIENT", "LIST", "TYPE", "normal"));
  return found.trim().split("\n").length - 1;
}
