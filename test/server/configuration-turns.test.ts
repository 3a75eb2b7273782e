import { join } from "node:path";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { KeyRing } from "../../runtime/sessions/key-ring.ts";
import { RawClient } from "../../testkit/clients/raw-client.ts";
import { place, startLive, temporaryFolder } from "../../testkit/processes/live-gateway.ts";
import { hasRedis, RedisProcess } from "../../testkit/processes/redis.ts";
import { openStore, redisAt } from "../../testkit/processes/redis-store.ts";
import { callOf, textOf } from "../../testkit/processes/scripted-fleet.ts";
import { wrapOperations } from "../../testkit/processes/wrapped-store.ts";
import { ScriptedBackend } from "../../testkit/servers/scripted-backend.ts";

const NOBODY = "http://127.0.0.1:9/mcp";

describe.skipIf(!hasRedis)("gateways over one Redis whose configuration changes", () => {
  let redis: RedisProcess;

  beforeAll(async () => {
    redis = await RedisProcess.server();
    return () => redis.stop();
  });

  const serverWith = async (...tools: string[]) => {
    const server = await ScriptedBackend.start();
    onTestFinished(() => server.stop());
    server.tools = tools.map((name) => ({ name, inputSchema: { type: "object" } }));
    return server;
  };

  /** So many gateways that read one file, and a store of the same fleet. */
  const start = async (count: number, content: object) => {
    const file = join(await temporaryFolder(), "gateway.yaml");
    const write = (changed: object) => place(file, { ...content, ...changed });
    await write({});
    const settings = redisAt(redis);
    const ring = KeyRing.generate();
    const taken: number[] = [];
    const open = async (index: number) => {
      const store = await openStore(settings);
      return wrapOperations(store, async (operation, run) => {
        const answer = await run();
        if (operation === "turns.take" && answer === true && taken.at(-1) !== index) {
          taken.push(index);
        }
        return answer;
      });
    };
    const gateways = await Promise.all(
      Array.from({ length: count }, async (_, index) =>
        startLive(file, { ring, store: await open(index) }),
      ),
    );
    const store = await openStore(settings);
    onTestFinished(() => store.close());
    const statuses = () => Promise.all(gateways.map((gateway) => gateway.configuration()));
    return { gateways, store, write, statuses, taken };
  };

  it("take it one after the other, 1 turn each, and 1 session goes on in all 3", async () => {
    const [one, two] = [await serverWith("a"), await serverWith("a")];
    const { gateways, write, statuses, taken } = await start(3, {
      configuration: { observe: "200ms" },
      backends: [{ name: "one", url: one.url }],
    });
    const client = await RawClient.open(gateways[0]?.url ?? "");
    const callAll = async () => {
      for (const { url } of gateways) {
        expect(textOf(await client.at(url).post(callOf("one_a")))).toBe("a for raw");
      }
    };
    await callAll();
    await write({ backends: [{ name: "one", url: two.url }] });
    let most = 0;
    const generations = async () => {
      const all = await statuses();
      most = Math.max(most, all.filter(({ state }) => state === "observing").length);
      return all.map(({ generation }) => generation);
    };
    await expect.poll(generations, { timeout: 15_000 }).toEqual([2, 2, 2]);
    await callAll();
    expect(most).toBeLessThanOrEqual(1);
    expect(taken.toSorted()).toEqual([0, 1, 2]);
    expect(new Set((await statuses()).map(({ digest }) => digest)).size).toBe(1);
    expect(two.count("initialize")).toBe(1);
  }, 30_000);

  it("stop at the first one whose calls fail: it goes back, and the other one never takes it over", async () => {
    const one = await serverWith("a");
    const { gateways, write, statuses } = await start(2, {
      configuration: { observe: "60s" },
      backends: [{ name: "one", url: one.url }],
    });
    const clients = await Promise.all(gateways.map(({ url }) => RawClient.open(url)));
    for (const client of clients) {
      expect(textOf(await client.post(callOf("one_a")))).toBe("a for raw");
    }
    await write({ backends: [{ name: "one", url: NOBODY }] });
    const states = async () => (await statuses()).map(({ state }) => state).toSorted();
    await expect.poll(states).toEqual(["observing", "waiting"]);
    const first = (await statuses()).findIndex(({ state }) => state === "observing");
    for (let id = 1; id <= 5; id += 1) await clients[first]?.post(callOf("one_a", id));
    await expect.poll(states, { timeout: 20_000 }).toEqual(["refused", "refused"]);
    const all = await statuses();
    expect(all[first]).toMatchObject({ generation: 3, refused: { reason: "failed_calls" } });
    expect(all[1 - first]).toMatchObject({
      generation: 1,
      refused: { faults: ["another gateway has gone back: more of its calls failed"] },
    });
    for (const client of clients) {
      const called = async () => textOf(await client.post(callOf("one_a", 9)));
      await expect.poll(called).toBe("a for raw");
    }
  }, 40_000);

  it("wait for one that died during its turn until that has run out, and not longer", async () => {
    const one = await serverWith("a");
    const { store, write, statuses } = await start(1, {
      configuration: { observe: "100ms" },
      backends: [{ name: "one", url: one.url }],
    });
    expect(await store.turns.take("configuration", "dead", 1_500)).toBe(true);
    await write({ backends: [{ name: "other", url: one.url }] });
    const state = async () => (await statuses()).map(({ state: now }) => now).join();
    await expect.poll(state).toBe("waiting");
    expect(await store.turns.holder("configuration")).toBe("dead");
    const generation = async () => (await statuses())[0]?.generation;
    await expect.poll(generation, { timeout: 10_000 }).toBe(2);
  });
});
