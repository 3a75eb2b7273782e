import type { Configuration } from "@mcp-fleet/contract/settings";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { FleetLoad, isRefusal } from "../../testkit/clients/fleet-load.ts";
import { type RawAnswer, RawClient } from "../../testkit/clients/raw-client.ts";
import { FleetProcess } from "../../testkit/processes/fleet-process.ts";
import { startGateway, startProxy } from "../../testkit/processes/gateway.ts";
import { hasRedis, RedisProcess } from "../../testkit/processes/redis.ts";
import { RedisCluster } from "../../testkit/processes/redis-cluster.ts";
import { SentinelGroup } from "../../testkit/processes/sentinel-group.ts";
import { EchoBackend } from "../../testkit/servers/echo-backend.ts";

const CLIENTS = 12;
const TURNS = 8;
/** 3 calls in each turn, and 1 at each of 3 gateways in the beginning and at the end. */
const CALLS = CLIENTS * (TURNS * 3 + 3 + 3);
const THREE = [1, 2, 3];

const FAULTS = [
  {
    name: "gone, and comes back empty",
    fail: (server: RedisProcess) => server.kill(),
    mend: (server: RedisProcess) => server.restart(),
  },
  {
    name: "frozen",
    fail: async (server: RedisProcess) => server.freeze(),
    mend: async (server: RedisProcess) => server.thaw(),
  },
];

type Storage = NonNullable<Configuration["sessionStorage"]>;

describe.skipIf(!hasRedis)("3 gateways over 1 store at fault", () => {
  let backend: EchoBackend;
  /** How often each numbered call ran. */
  let runs: Map<unknown, number>;
  let calls = 0;

  beforeEach(async () => {
    runs = new Map();
    backend = await EchoBackend.start();
    backend.on("tools/call", (exchange) => {
      const { number } = Object(exchange.received.params.arguments);
      runs.set(number, (runs.get(number) ?? 0) + 1);
      backend.echo(exchange);
    });
    return () => backend.stop();
  });

  const configuration = (sessionStorage: Storage): Configuration => ({
    backends: [{ name: "counting", url: backend.url }],
    sessionStorage: { keyPrefix: "fleet:", ...sessionStorage },
  });

  const startHere = async (sessionStorage: Storage) => {
    const gateway = await startGateway(configuration(sessionStorage));
    onTestFinished(() => gateway.close());
    return gateway;
  };

  /** 3 gateways over this store, and 12 clients of them. */
  const openLoad = async (sessionStorage: Storage) => {
    const gateways = await Promise.all(THREE.map(() => startHere(sessionStorage)));
    const load = new FleetLoad(
      gateways.map(({ url }) => url),
      "counting_echo",
    );
    await load.open(CLIENTS);
    return load;
  };

  /** A store that has been there for long: an id that it does not know is no session. */
  const makeOld = (server: RedisProcess) =>
    server.ask("HSET", "fleet:generation", "id", "first", "since", "0");

  /** No session was lost, no answer was wrong, and no call ran twice. */
  const expectNoHarm = async (load: FleetLoad, mayBreak = 0) => {
    expect(load.complaints).toEqual([]);
    expect(load.broken.size).toBeLessThanOrEqual(mayBreak);
    expect(load.answered.size + load.broken.size).toBe(CALLS);
    expect([...runs].filter(([, times]) => times !== 1)).toEqual([]);
    expect([...load.answered].filter((number) => !runs.has(number))).toEqual([]);
    await expect.poll(() => load.undead()).toBe(0);
  };

  /** Resolves in the middle of a load that goes on. */
  const isUnderWay = (load: FleetLoad) =>
    expect.poll(() => load.answered.size, { interval: 5 }).toBeGreaterThan(CALLS / 3);

  describe("behind 3 Sentinels", () => {
    let group: SentinelGroup;
    let storage: Storage;

    beforeEach(async () => {
      group = await SentinelGroup.start();
      await makeOld(group.master);
      const sentinel = { masterName: "fleet", addrs: group.addresses };
      storage = { provider: "redis", sentinel };
      return () => group.stop();
    });

    const startLoad = () => openLoad(storage);

    it("lose nothing when the master is killed", async () => {
      const load = await startLoad();
      const running = load.run(TURNS);
      await isUnderWay(load);
      await group.master.kill();
      await running;
      await group.replaced();
      await load.callAll();
      await expectNoHarm(load);
    });

    it.each([0, 1])(
      "lose nothing when the master and %i Sentinels hang and come back",
      async (n) => {
        const load = await startLoad();
        const running = load.run(TURNS);
        await isUnderWay(load);
        const hanging = [group.master, ...group.sentinels.slice(0, n)];
        for (const process of hanging) process.freeze();
        await group.replaced(group.sentinels.slice(n));
        for (const process of hanging) process.thaw();
        // Whoever comes back believes for some seconds that nothing has changed, and is asked again.
        await group.cutClients();
        await running;
        await load.callAll();
        await expectNoHarm(load);
      },
    );

    it("lose nothing when 3 Sentinels are gone, connections to the master break, and they come back", async () => {
      const load = await startLoad();
      // Before the load, which could be over by the time that the last one has exited.
      await Promise.all(group.sentinels.map((one) => one.kill()));
      const running = load.run(TURNS);
      await isUnderWay(load);
      await group.cutClients();
      await expect.poll(() => load.refusedAfterMs.length).toBeGreaterThan(0);
      await Promise.all(group.sentinels.map((one) => one.restart()));
      await running;
      await load.callAll();
      await expectNoHarm(load);
    });

    it("lose no session and run no call twice when 1 gateway is killed and started again", async () => {
      const start = async () => {
        const gateway = await FleetProcess.start(configuration(storage));
        onTestFinished(() => gateway.stop());
        return gateway;
      };
      const gateways = await Promise.all(THREE.map(start));
      const load = new FleetLoad(
        gateways.map(({ url }) => url),
        "counting_echo",
      );
      await load.open(CLIENTS);
      const running = load.run(TURNS);
      await isUnderWay(load);
      await gateways[1]?.kill();
      load.urls[1] = (await start()).url;
      await running;
      await load.callAll();
      // What was in flight there.
      await expectNoHarm(load, CALLS / 10);
    });
  });

  describe("in a cluster of 3 shards", () => {
    let cluster: RedisCluster;

    beforeEach(async () => {
      cluster = await RedisCluster.start();
      return () => cluster.stop();
    });

    /** 3 gateways whose keys are on this shard, and 12 clients of them. */
    const startLoad = async (prefix: string) => {
      const master = cluster.masterOf(prefix);
      await master.ask("HSET", `${prefix}generation`, "id", "first", "since", "0");
      const keyPrefix = prefix.replaceAll(/[{}]/g, "");
      const storage: Storage = {
        provider: "redis",
        keyPrefix,
        cluster: { addrs: cluster.addresses },
      };
      return await openLoad(storage);
    };

    it("lose nothing when the master of their shard is killed", async () => {
      const load = await startLoad(cluster.prefixOn(0));
      const running = load.run(TURNS);
      await isUnderWay(load);
      await cluster.masters[0]?.kill();
      await running;
      await cluster.replaced();
      await load.callAll();
      await expectNoHarm(load);
    });

    it("lose nothing when the slot of their keys moves to another shard", async () => {
      const prefix = cluster.prefixOn(1);
      const load = await startLoad(prefix);
      const running = load.run(TURNS);
      await isUnderWay(load);
      await cluster.moveSlot(prefix, cluster.masters[2] ?? cluster.replica);
      await running;
      await load.callAll();
      await expectNoHarm(load);
    });

    it("keep their sessions on 1 shard, and the proxies behind them on another", async () => {
      const tags = () => {
        const gateways = cluster.prefixOn(1);
        return { gateways, proxies: gateways.replace("}", ":proxy:counting}") };
      };
      let tag = tags();
      while (cluster.masterOf(tag.proxies) === cluster.masterOf(tag.gateways)) tag = tags();
      const keyPrefix = tag.gateways.replaceAll(/[{}]/g, "");
      const addrs = cluster.addresses;
      const sessionStorage: Storage = { provider: "redis", keyPrefix, cluster: { addrs } };
      const proxy = await startProxy(configuration(sessionStorage));
      onTestFinished(() => proxy.close());
      const gateway = await startGateway({
        ...configuration(sessionStorage),
        backends: [{ name: "counting", url: proxy.url }],
      });
      onTestFinished(() => gateway.close());
      const { sessionId } = await RawClient.open(gateway.url);
      expect(statusOf(await call(gateway.url, sessionId))).toBe(200);
      for (const prefix of [tag.gateways, tag.proxies]) {
        const found = await cluster.masterOf(prefix).ask("KEYS", `${prefix}session:*`);
        expect(found).not.toEqual([]);
      }
    });
  });

  const call = (url: string, session: string | undefined) => {
    const client = new RawClient(url);
    client.sessionId = session;
    calls += 1;
    const params = { name: "counting_echo", arguments: { number: calls } };
    return client.post(JSON.stringify({ jsonrpc: "2.0", id: calls, method: "tools/call", params }));
  };

  /** 200 only with the result of the call; a refusal within a session counts as one. */
  const statusOf = (answer: RawAnswer) => {
    const { status, text } = answer;
    if (status !== 200 || text.includes('"result"')) return status;
    return isRefusal(answer) ? 503 : text;
  };

  const expectRefused = async (requests: readonly Promise<RawAnswer>[]) => {
    for (const answer of await Promise.all(requests)) {
      expect(answer).toMatchObject({ status: 503, headers: { "retry-after": "2" } });
      expect(answer.text).toContain("STORE_UNAVAILABLE");
    }
  };

  it.each(FAULTS)(
    "go on with the 15 sessions that they hold while it is $name, refuse the rest meanwhile, and lose none",
    async ({ fail, mend }) => {
      const server = await RedisProcess.server();
      onTestFinished(() => server.stop());
      await makeOld(server);
      const storage: Storage = { provider: "redis", address: `127.0.0.1:${server.port}` };
      const urls = (await Promise.all(THREE.map(() => startHere(storage)))).map(({ url }) => url);
      /** Each is held by one gateway only. */
      const sessions = await Promise.all(
        Array.from({ length: 15 }, async (_, index) => {
          const here = urls[index % 3] ?? "";
          const there = urls[(index + 1) % 3] ?? "";
          const { sessionId } = await RawClient.open(here);
          expect(statusOf(await call(here, sessionId))).toBe(200);
          return { sessionId, here, there };
        }),
      );
      const initialize = (url: string) =>
        new RawClient(url).initialize({ protocolVersion: "2025-11-25" });

      await fail(server);
      for (const _wave of THREE) {
        const held = sessions.map(({ here, sessionId }) => call(here, sessionId));
        const others = sessions.map(({ there, sessionId }) => call(there, sessionId));
        await expectRefused([...others, ...urls.map(initialize)]);
        expect((await Promise.all(held)).map(statusOf)).toEqual(sessions.map(() => 200));
      }
      await mend(server);

      const everywhere = sessions.flatMap(({ sessionId }) =>
        urls.map((url) => ({ url, sessionId })),
      );
      const seen = new Set<number | string>();
      const statuses = async () => {
        const answers = await Promise.all(everywhere.map((one) => call(one.url, one.sessionId)));
        const found = new Set(answers.map(statusOf));
        for (const status of found) seen.add(status);
        return [...found];
      };
      await expect.poll(statuses, { interval: 500 }).toEqual([200]);
      expect([...seen.difference(new Set([200, 503]))]).toEqual([]);
      expect([...runs].filter(([, times]) => times !== 1)).toEqual([]);
      const opened = await Promise.all(urls.map(initialize));
      expect(opened.map(({ status }) => status)).toEqual([200, 200, 200]);
    },
  );
});
