import { describe, expect, it, onTestFinished } from "vitest";

import { KeyRing } from "../../runtime/sessions/key-ring.ts";
import { RawClient } from "../../testkit/clients/raw-client.ts";
import { startProxy } from "../../testkit/processes/gateway.ts";
import { startPods } from "../../testkit/processes/pod-fleet.ts";
import { hasRedis, RedisProcess } from "../../testkit/processes/redis.ts";
import { callOf, messageOf, messagesOf } from "../../testkit/processes/scripted-fleet.ts";
import { ScriptedBackend } from "../../testkit/servers/scripted-backend.ts";
import { eventually } from "../../testkit/vitest/eventually.ts";

const HELLO = { protocolVersion: "2025-11-25" };

const requestOf = (method: string, params: object = {}) =>
  JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });

describe("a proxy of 1 pod", () => {
  it.each([
    ["initialize", (client: RawClient) => client.initialize(HELLO)],
    ["tools/list", (client: RawClient) => client.post(requestOf("tools/list"))],
    ["resources/list", (client: RawClient) => client.post(requestOf("resources/list"))],
    ["a method that nobody knows", (client: RawClient) => client.post(requestOf("shop/buy"))],
  ])("answers %s as the server does, byte for byte", async (_what, ask) => {
    const { pods, processes } = await startPods({ pods: 1 });
    const [pod] = pods;
    pod?.on("shop/buy", (exchange) => {
      const error = { code: -32601, message: "not here", data: { theirs: true } };
      const text = JSON.stringify({ jsonrpc: "2.0", id: exchange.received.message.id, error });
      exchange.body(200, text, "application/json");
    });
    const direct = await RawClient.open(pod?.url ?? "");
    const through = await RawClient.open(processes[0]?.url ?? "");
    expect((await ask(through)).text).toBe((await ask(direct)).text);
  });

  it("passes a ping on: who asks wants to know of the server", async () => {
    const { pods, open } = await startPods({ pods: 1 });
    const client = await open();
    await client.post(requestOf("ping"));
    expect(pods[0]?.count("ping")).toBe(1);
  });

  it("opens the session at the pod with initialize, and 10 calls cost 10 requests more", async () => {
    const { pods, open } = await startPods({ pods: 1 });
    const client = await open();
    const kinds = () => pods[0]?.received.filter(({ client: name }) => name === "raw").length;
    expect(pods[0]?.clientSessions).toHaveLength(1);
    const before = kinds() ?? 0;
    for (let turn = 0; turn < 10; turn += 1) await client.post(callOf("write", turn));
    expect(kinds()).toBe(before + 10);
  });

  it("gives a lost session its level and 1 subscription again", async () => {
    const { pods, open } = await startPods({ pods: 1 });
    const [pod] = pods;
    const client = await open();
    pod?.on("logging/setLevel", (exchange) => exchange.result({}));
    pod?.on("resources/subscribe", (exchange) => exchange.result({}));
    await client.post(requestOf("logging/setLevel", { level: "error" }));
    await client.post(requestOf("resources/subscribe", { uri: "file:///a" }));
    pod?.forget();
    expect(messageOf(await client.post(callOf("write"))).error).toBeUndefined();
    expect(pod?.of("logging/setLevel").map(({ params }) => params)).toEqual([
      { level: "error" },
      { level: "error" },
    ]);
    expect(pod?.of("resources/subscribe").map(({ params }) => params)).toEqual([
      { uri: "file:///a" },
      { uri: "file:///a" },
    ]);
  });

  it("keeps no level that the server refused", async () => {
    const { pods, open } = await startPods({ pods: 1 });
    const [pod] = pods;
    const client = await open();
    pod?.on("logging/setLevel", (exchange) => {
      const error = { code: -32602, message: "no such level" };
      const text = JSON.stringify({ jsonrpc: "2.0", id: exchange.received.message.id, error });
      exchange.body(200, text, "application/json");
    });
    const answer = await client.post(requestOf("logging/setLevel", { level: "loud" }));
    expect(messageOf(answer).error?.message).toBe("no such level");
    pod?.forget();
    await client.post(callOf("write"));
    expect(pod?.count("logging/setLevel")).toBe(1);
  });

  it("passes list_changed on as it is: on the client's stream, and on the stream of a call", async () => {
    const { pods, open } = await startPods({ pods: 1 });
    const [pod] = pods;
    const client = await open();
    const news = { jsonrpc: "2.0", method: "notifications/tools/list_changed" };
    const stream = await client.stream();
    await eventually(() => expect(pod?.count("GET")).toBe(1));
    await pod?.announce(news);
    expect(JSON.parse((await stream.next()) ?? "")).toEqual(news);
    stream.leave();
    pod?.once("tools/call", async (exchange) => {
      exchange.begin();
      await exchange.event(news);
      await exchange.eventWithResult({ content: [] });
      exchange.end();
    });
    expect(messagesOf(await client.post(callOf("write")))[0]).toEqual(news);
  });
});

describe("2 proxies over 1 store", () => {
  it("carry a cancellation from one to the call that runs at the other", async () => {
    const { pods, open, at } = await startPods({ pods: 1, processes: 2 });
    const [pod] = pods;
    const client = await open();
    pod?.on("tools/call", () => {});
    const waiting = client.post(callOf("write", "slow"));
    await eventually(() => expect(pod?.count("tools/call")).toBe(1));
    const cancel = {
      jsonrpc: "2.0",
      method: "notifications/cancelled",
      params: { requestId: "slow" },
    };
    await at(client, 1).post(JSON.stringify(cancel));
    expect((await waiting).text).not.toContain("result");
    expect(pod?.count("notifications/cancelled")).toBe(1);
  });

  it("end a session at its pod by 1 DELETE, whichever of them gets it", async () => {
    const { pods, open, at } = await startPods({ pods: 2, processes: 2 });
    const client = await open();
    expect((await at(client, 1).send({ method: "DELETE" })).status).toBe(204);
    await eventually(() => expect(pods.map((pod) => pod.clientSessions.length)).toEqual([0, 0]));
    expect((await client.post(callOf("write"))).status).toBe(404);
  });
});

describe.skipIf(!hasRedis)("proxies of 2 servers over 1 Redis and 1 key", () => {
  it("do not know each other's sessions: 404", async () => {
    const redis = await RedisProcess.server();
    onTestFinished(() => redis.stop());
    const ring = KeyRing.generate();
    const start = async (name: string) => {
      const server = await ScriptedBackend.start();
      onTestFinished(() => server.stop());
      const address = `127.0.0.1:${redis.port}`;
      const sessionStorage = { provider: "redis", address } as const;
      const proxy = await startProxy(
        { backends: [{ name, url: server.url }], sessionStorage },
        { ring },
      );
      onTestFinished(() => proxy.close());
      return proxy;
    };
    const [one, other] = await Promise.all([start("a"), start("b")]);
    await redis.ask("HSET", "mcp-fleet:proxy:b:generation", "id", "first", "since", "0");
    const client = await RawClient.open(one.url);
    const stranger = client.at(other.url);
    expect((await stranger.post(callOf("write"))).status).toBe(404);
    expect((await client.post(callOf("write"))).status).toBe(200);
  });
});
