import { beforeAll, describe, expect, it, onTestFinished } from "vitest";

import { MemoryStore } from "../../runtime/store/memory/memory-store.ts";
import { countOperations } from "../../testkit/processes/counted-store.ts";
import { hasRedis, RedisProcess } from "../../testkit/processes/redis.ts";
import { makeOld, openStore, redisAt } from "../../testkit/processes/redis-store.ts";
import {
  callOf,
  type FleetOptions,
  messageOf,
  startFleet,
} from "../../testkit/processes/scripted-fleet.ts";

const PING = '{"jsonrpc":"2.0","id":"ping","method":"ping"}';
const CHANGED = '{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}';
const URI = "test://one";
const UPDATED = { jsonrpc: "2.0", method: "notifications/resources/updated", params: { uri: URI } };
const FORM = { message: "Who?", requestedSchema: { type: "object", properties: {} } };
const ASK = { jsonrpc: "2.0", id: 0, method: "elicitation/create", params: FORM };

function requestOf(method: string, params: object): string {
  return JSON.stringify({ jsonrpc: "2.0", id: method, method, params });
}

function cancelOf(requestId: number): string {
  const params = { requestId, reason: "enough" };
  return JSON.stringify({ jsonrpc: "2.0", method: "notifications/cancelled", params });
}

type OpenStore = NonNullable<FleetOptions["openStore"]>;

describe("over 1 memory", () =>
  describePods(() => {
    const memory = new MemoryStore();
    return async () => memory;
  }));

describe.skipIf(!hasRedis)("over 1 Redis", () => {
  let server: RedisProcess;

  beforeAll(async () => {
    server = await RedisProcess.server();
    return () => server.stop();
  });

  describePods(() => {
    const settings = redisAt(server);
    const old = makeOld(server, settings);
    return async () => {
      await old;
      return openStore(settings);
    };
  });
});

function describePods(storeOf: () => OpenStore): void {
  /** A session opened on pod A, with a client of it on pod A and one on pod B. */
  const twoPods = async (options: FleetOptions = {}) => {
    const fleet = await startFleet({ openStore: storeOf(), ...options, gateways: 2 });
    const [there] = fleet.others;
    if (there === undefined) throw new Error("no second gateway");
    // From here on each pod hears of what the backend says of its lists.
    await expect.poll(() => fleet.backend.discovered("GET")).toBe(2);
    return { ...fleet, there, onA: fleet.client, onB: fleet.client.at(there.url) };
  };

  it("a question asked in a call on pod A is answered on pod B, and 1 answer reaches the backend", async () => {
    const { backend, onA, there } = await twoPods();
    await onA.initialize({ protocolVersion: "2025-11-25", capabilities: { elicitation: {} } });
    const onB = onA.at(there.url);
    const answer = Promise.withResolvers<unknown>();
    backend.on("response", (exchange) => {
      answer.resolve(exchange.received.message);
      exchange.status(202);
    });
    backend.once("tools/call", async (exchange) => {
      exchange.begin();
      await exchange.event(ASK);
      const content = [{ type: "text", text: JSON.stringify(await answer.promise) }];
      await exchange.eventWithResult({ content });
      exchange.end();
    });

    const stream = await onA.stream(callOf("write", 1));
    const asked = JSON.parse((await stream.next()) ?? "");
    const result = { action: "accept", content: { name: "Ada" } };
    await onB.post(JSON.stringify({ jsonrpc: "2.0", id: asked.id, result }));

    const text = JSON.stringify({ jsonrpc: "2.0", id: 0, result });
    expect(JSON.parse((await stream.next()) ?? "").result.content).toEqual([
      { type: "text", text },
    ]);
    expect(backend.count("response")).toBe(1);
  });

  it("a DELETE on pod A is a 404 on pod B, which held the session, is told, and asks the store 1 time", async () => {
    const open = storeOf();
    const asked: string[][] = [];
    const { onA, onB } = await twoPods({
      openStore: async () => {
        const pod = asked.push([]) - 1;
        const { store, operations } = countOperations(await open());
        asked[pod] = operations;
        return store;
      },
    });
    expect((await onB.post(PING)).status).toBe(200);
    for (const operations of asked) operations.length = 0;

    await onA.send({ method: "DELETE" });

    await expect.poll(async () => (await onB.post(PING)).status).toBe(404);
    const [, ofB = []] = asked;
    // The reaper looks each second, whoever calls.
    expect(ofB.filter((operation) => operation !== "sessions.takeExpired")).toEqual([
      "sessions.load",
    ]);
  });

  for (const [listens, calls] of ["AB", "BA"]) {
    it(`1 list_changed reaches the stream on pod ${listens} of a session that was opened on pod A and called on pod ${calls}`, async () => {
      const { backend, onA, onB } = await twoPods();
      const [listener, caller] = listens === "A" ? [onA, onB] : [onB, onA];
      await caller.post(callOf("read", 1));
      const stream = await listener.stream();

      backend.tools = backend.tools.slice(1);
      await backend.announce(JSON.parse(CHANGED));

      expect(await stream.next()).toBe(CHANGED);
      // Nothing follows until the session ends, and its stream with it.
      await caller.send({ method: "DELETE" });
      expect(await stream.next()).toBeUndefined();
    });
  }

  it("1 list_changed that a backend without streams told pod A, in a call, reaches the stream on pod B", async () => {
    const { backend, onA, onB } = await twoPods({
      prepare: (one) => one.on("GET", (exchange) => exchange.status(405)),
    });
    const stream = await onB.stream();
    backend.on("tools/call", async (exchange) => {
      backend.tools = backend.tools.slice(1);
      exchange.begin();
      await exchange.event(JSON.parse(CHANGED));
      await exchange.event(JSON.parse(exchange.resultText({ content: [] })));
      exchange.end();
    });

    await onA.post(callOf("read", 1));

    expect(await stream.next()).toBe(CHANGED);
    await onA.send({ method: "DELETE" });
    expect(await stream.next()).toBeUndefined();
  });

  it("1 list_changed reaches a session that pod B holds in its only cache entry no more", async () => {
    const { backend, there, onB } = await twoPods({ session: { cacheEntries: 1 } });
    const stream = await onB.stream();
    await onB.at(there.url).initialize({ protocolVersion: "2025-11-25" });

    backend.tools = backend.tools.slice(1);
    await backend.announce(JSON.parse(CHANGED));

    expect(await stream.next()).toBe(CHANGED);
    stream.leave();
  });

  for (const cacheEntries of [100, 1]) {
    it(`updates of a resource subscribed to on pod A reach the stream on pod B once each, with ${cacheEntries} cached`, async () => {
      const { backend, there, onA, onB } = await twoPods({ session: { cacheEntries } });
      const stream = await onB.stream();
      const other = onB.at(there.url);
      await other.initialize({ protocolVersion: "2025-11-25" });

      const answer = await onA.post(requestOf("resources/subscribe", { uri: URI }));
      expect(messageOf(answer).error).toBeUndefined();

      await expect.poll(() => backend.count("GET")).toBe(1);
      for (const turn of [1, 2]) {
        await backend.announce({ ...UPDATED, params: { ...UPDATED.params, _meta: { turn } } });
        expect(JSON.parse((await stream.next()) ?? "").params._meta).toEqual({ turn });
      }
      await onA.send({ method: "DELETE" });
      expect(await stream.next()).toBeUndefined();
    });
  }

  it("updates follow the client's stream from pod B to pod A", async () => {
    const { backend, onA, onB } = await twoPods();
    const first = await onB.stream();
    await onB.post(requestOf("resources/subscribe", { uri: URI }));
    await expect.poll(() => backend.count("GET")).toBe(1);
    first.leave();

    const second = await onA.stream();

    await expect.poll(() => backend.count("GET")).toBe(2);
    await backend.announce(UPDATED);
    expect(await second.next()).toBe(JSON.stringify(UPDATED));
    second.leave();
  });

  it("a cancellation on pod B ends the call that waits on pod A, with 0 events, and leaves the other of 2", async () => {
    const { backend, onA, onB } = await twoPods({ limits: { callTimeout: "5m" } });
    const release = Promise.withResolvers<void>();
    onTestFinished(() => release.resolve());
    backend.on("tools/call", async (exchange) => {
      await release.promise;
      exchange.result({ content: [] });
    });
    const cancelled = onA.post(callOf("write", 1));
    const other = onA.post(callOf("write", 2));
    await expect.poll(() => backend.count("tools/call")).toBe(2);

    expect((await onB.post(cancelOf(1))).status).toBe(202);

    expect((await cancelled).text).toBe("");
    expect(backend.count("notifications/cancelled")).toBe(1);
    release.resolve();
    expect(messageOf(await other)).toMatchObject({ id: 2, result: { content: [] } });
  });
}
