import { beforeEach, describe, expect, it, onTestFinished } from "vitest";

import type { Configuration } from "../../runtime/contract/index.ts";
import { KeyRing } from "../../runtime/sessions/key-ring.ts";
import { MemoryStore } from "../../runtime/sessions/memory-store.ts";
import { eventually } from "../support/eventually.ts";
import { type RunningRole, startGateway, startProxy } from "../support/gateway.ts";
import { RawClient } from "../support/raw-client.ts";
import { hasRedis, RedisProcess } from "../support/redis.ts";
import { messageOf, messagesOf, textOf } from "../support/scripted-fleet.ts";
import { SseServer, type StreamScript } from "../support/sse-server.ts";

const call = (name: string, id: number | string = 1, input: object = {}, meta: object = {}) => {
  const params = { name, arguments: input, _meta: meta };
  return JSON.stringify({ jsonrpc: "2.0", id, method: "tools/call", params });
};

describe("a server that speaks HTTP+SSE", () => {
  let server: SseServer;

  beforeEach(async () => {
    server = await SseServer.start();
    return () => server.stop();
  });

  const start = async (
    processes = 1,
    backend: Partial<Configuration["backends"][number]> = {},
    create = startProxy,
    sessionStorage: Configuration["sessionStorage"] = undefined,
  ): Promise<RunningRole[]> => {
    const ring = KeyRing.generate();
    const shared = sessionStorage === undefined ? { store: new MemoryStore(), ring } : { ring };
    const configuration: Configuration = {
      aggregation: { conflictResolutionConfig: { prefixFormat: "" } },
      backends: [{ name: "older", url: server.url, transport: "sse", ...backend }],
      limits: { initializeTimeout: "2s", podLossAfter: "200ms" },
      ...(sessionStorage && { sessionStorage }),
    };
    const running = await Promise.all(
      Array.from({ length: processes }, () => create(configuration, shared)),
    );
    onTestFinished(() => Promise.all(running.map((one) => one.close())).then(() => {}));
    return running;
  };

  const open = (role: RunningRole | undefined, capabilities: object = {}) => {
    const client = new RawClient(role?.url ?? "");
    return client.initialize({ protocolVersion: "2025-06-18", capabilities }).then((answer) => {
      if (answer.status !== 200) throw new Error(answer.text);
      return client;
    });
  };

  const twinOf = (client: RawClient, role: RunningRole | undefined) => {
    const twin = new RawClient(role?.url ?? "");
    twin.sessionId = client.sessionId;
    return twin;
  };

  it("counts 1, 2, 3 in a session of streamable HTTP, and from 1 in another one", async () => {
    const [proxy] = await start();
    const clients = [await open(proxy), await open(proxy)];
    const [first, second] = clients;
    for (const count of ["1", "2", "3"]) {
      expect(textOf((await first?.post(call("count"))) ?? never())).toBe(count);
    }
    expect(textOf((await second?.post(call("count"))) ?? never())).toBe("1");
    expect(server.sessions).toBe(2);
  });

  it("is one of the servers of a gateway", async () => {
    const [gateway] = await start(1, {}, startGateway);
    const client = await open(gateway);
    const list = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list" });
    await eventually(async () => {
      const { result } = messageOf(await client.post(list));
      expect(result?.tools?.map(({ name }) => name)).toContain("count");
    });
    expect(textOf(await client.post(call("count")))).toBe("1");
    expect(textOf(await client.post(call("count")))).toBe("2");
  });

  it("keeps 1 session that counts on through either of 2 processes, the stream in one of them", async () => {
    const [one, other] = await start(2, { stateful: true });
    const client = await open(one);
    const twin = twinOf(client, other);
    const answers = [];
    for (let turn = 0; turn < 3; turn += 1) {
      answers.push(
        textOf(await client.post(call("count"))),
        textOf(await twin.post(call("count"))),
      );
    }
    expect(answers).toEqual(["1", "2", "3", "4", "5", "6"]);
    expect(server.sessions).toBe(1);
  });

  it.skipIf(!hasRedis)(
    "loses its memory with the process that has the stream, which the other one tells once",
    async () => {
      const redis = await RedisProcess.server();
      onTestFinished(() => redis.stop());
      const address = `127.0.0.1:${redis.port}`;
      const [one, other] = await start(2, { stateful: true }, startProxy, {
        provider: "redis",
        address,
      });
      const client = await open(one);
      await client.post(call("count"));
      const twin = twinOf(client, other);
      expect(textOf(await twin.post(call("count")))).toBe("2");
      await one?.close();
      const seen: unknown[] = [];
      await eventually(async () => {
        seen.push(Object(messageOf(await twin.post(call("count"))).error?.data).error);
        expect(seen.at(-1)).toBe("BACKEND_SESSION_LOST");
      });
      expect(textOf(await twin.post(call("count")))).toBe("1");
    },
  );

  it("gives 20 parallel calls each its own answer", async () => {
    const [proxy] = await start();
    const client = await open(proxy);
    const texts = Array.from({ length: 20 }, (_, index) => `text ${index}`);
    const answers = await Promise.all(
      texts.map((text, index) => client.post(call("echo", index, { text }))),
    );
    expect(answers.map(textOf)).toEqual(texts);
  });

  it("sends the 2 progress messages of a call on the stream of that call", async () => {
    const [proxy] = await start();
    const client = await open(proxy);
    const [worked, echoed] = await Promise.all([
      client.post(call("work", 1, {}, { progressToken: "mine" })),
      client.post(call("echo", 2, { text: "x" })),
    ]);
    expect(
      messagesOf(worked).map(({ params, result }) => params?.progress ?? result?.content),
    ).toEqual([1, 2, [{ type: "text", text: "done" }]]);
    expect(messagesOf(echoed)).toHaveLength(1);
  });

  it("asks the client within a call, whose answer comes through the other process", async () => {
    const [one, other] = await start(2);
    const client = await open(one, { elicitation: {} });
    const stream = await client.stream(call("ask"));
    const question = JSON.parse((await stream.next()) ?? "");
    expect(question.method).toBe("elicitation/create");
    const answer = { jsonrpc: "2.0", id: question.id, result: { action: "decline" } };
    expect((await twinOf(client, other).post(JSON.stringify(answer))).status).toBe(202);
    expect(JSON.parse((await stream.next()) ?? "").result.content[0].text).toBe("decline");
  });

  it("has 0 event streams once its 2 sessions are deleted, each at another process", async () => {
    const [one, other] = await start(2);
    const clients = [await open(one), await open(one)];
    const [first, second] = clients;
    await first?.send({ method: "DELETE" });
    if (second !== undefined) await twinOf(second, other).send({ method: "DELETE" });
    await eventually(() => expect(server.sessions).toBe(0));
  });

  it("leaves 1 call unknown whose event stream breaks, and begins a new session for the next one", async () => {
    const [proxy] = await start();
    const client = await open(proxy);
    await client.post(call("count"));
    const waiting = client.post(call("never"));
    await eventually(() => expect(server.sessions).toBe(1));
    const status = async () => JSON.parse(await (await fetch(`${proxy?.adminUrl}/status`)).text());
    await eventually(async () => expect((await status()).sessions.busy).toBe(1));
    await server.breakOff();
    expect(messageOf(await waiting).error?.data).toMatchObject({ error: "OUTCOME_UNKNOWN" });
    expect(textOf(await client.post(call("count")))).toBe("1");
  });

  it.each<[string, StreamScript]>([
    ["never names its endpoint", (response) => response.writeHead(200, SSE).flushHeaders()],
    ["names an endpoint elsewhere", says("event: endpoint\ndata: http://127.0.0.2:1/messages\n\n")],
    ["says something else first", says('event: message\ndata: {"jsonrpc":"2.0"}\n\n')],
    ["ends at once", (response) => response.writeHead(200, SSE).end()],
    ["answers 500", (response) => response.writeHead(500).end()],
  ])("that %s gets no session, and the client an error within 2 s", async (_what, script) => {
    const [proxy] = await start();
    server.script = script;
    await expect(open(proxy)).rejects.toThrow(/BACKEND_(UNREACHABLE|TIMEOUT)/);
    server.script = undefined;
    expect(textOf(await (await open(proxy)).post(call("count")))).toBe("1");
  });

  it("is told nothing by who is not one of the processes", async () => {
    const [proxy] = await start();
    await open(proxy);
    const response = await fetch(`${proxy?.adminUrl}/peer/older/any`, {
      method: "POST",
      headers: { "mcp-session-id": "sse.x.y", authorization: "Bearer 00.00" },
      body: call("count"),
    });
    expect(response.status).toBe(401);
  });
});

const SSE = { "content-type": "text/event-stream" };

function says(text: string): StreamScript {
  return (response) => void response.writeHead(200, SSE).write(text);
}

function never(): never {
  throw new Error("no client");
}
