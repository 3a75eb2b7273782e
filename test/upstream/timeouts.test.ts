import { once } from "node:events";
import { createServer } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { RawClient } from "../../testkit/clients/raw-client.ts";
import { startGateway } from "../../testkit/processes/gateway.ts";
import {
  callOf,
  configurationFor,
  gatewayError,
  messageOf,
  messagesOf,
  startFleet,
  textOf,
} from "../../testkit/processes/scripted-fleet.ts";
import type { Exchange } from "../../testkit/servers/scripted-exchange.ts";
import { textResult } from "../../testkit/servers/scripted-exchange.ts";
import { eventually } from "../../testkit/vitest/eventually.ts";

const timedOut = gatewayError("BACKEND_TIMEOUT", "whether the call ran is unknown");

/** Reports progress every 300 ms until the answer after `milliseconds`, or the reader is gone. */
async function work(exchange: Exchange, milliseconds: number): Promise<void> {
  exchange.begin();
  let progress = 0;
  const report = setInterval(() => {
    progress += 1;
    const params = { progressToken: "p", progress };
    void exchange.event({ jsonrpc: "2.0", method: "notifications/progress", params });
  }, 300);
  const done = setTimeout(() => {
    void exchange.eventWithResult(textResult("done")).then(() => exchange.end());
  }, milliseconds);
  await exchange.closed();
  clearInterval(report);
  clearTimeout(done);
}

describe("a call without an answer", () => {
  it("is BACKEND_TIMEOUT with HTTP 504 after callTimeout, and the backend hears 1 cancellation", async () => {
    const { backend, client } = await startFleet({ limits: { callTimeout: "300ms" } });
    let cut = 0;
    backend.on("tools/call", async (exchange) => {
      await exchange.closed();
      if (exchange.isCut) cut += 1;
    });

    const answer = await client.post(callOf("read"));

    expect(answer.status).toBe(504);
    expect(messageOf(answer)).toEqual(timedOut);
    await eventually(() => expect(backend.count("notifications/cancelled")).toBe(1));
    const [cancelled] = backend.of("notifications/cancelled");
    expect(cancelled?.params).toMatchObject({ requestId: 1 });
    expect(cancelled?.sessionId).toBe(backend.clientSessions[0]);
    await eventually(() => expect(cut).toBe(1));
    expect(backend.count("tools/call")).toBe(1);
  });

  it("is BACKEND_TIMEOUT as the 2nd event where the stream says 1 thing and falls silent", async () => {
    const { backend, client } = await startFleet({ limits: { callTimeout: "300ms" } });
    const log = { jsonrpc: "2.0", method: "notifications/message", params: { level: "info" } };
    backend.on("tools/call", async (exchange) => {
      exchange.begin();
      await exchange.event(log);
    });

    const answer = await client.post(callOf("write", 1));

    expect(answer.status).toBe(200);
    expect(messagesOf(answer)).toEqual([log, timedOut]);
  });

  it("is BACKEND_TIMEOUT after the backend's own callTimeout, the id a string with 3 odd characters", async () => {
    const id = 'ä"\\';
    const { backend, client } = await startFleet({ backend: { callTimeout: "200ms" } });
    backend.on("tools/call", () => {});

    const answer = await client.post(callOf("write", id));

    expect(messageOf(answer)).toEqual({ ...timedOut, id });
    await eventually(() =>
      expect(backend.of("notifications/cancelled")[0]?.params.requestId).toBe(id),
    );
  });

  it("may wait longer than limits.callTimeout where the backend's own callTimeout says so", async () => {
    const { backend, client } = await startFleet({
      limits: { callTimeout: "100ms" },
      backend: { callTimeout: "10s" },
    });
    backend.on("tools/call", (exchange) => {
      setTimeout(() => exchange.result(textResult("late")), 500);
    });

    expect(textOf(await client.post(callOf("write")))).toBe("late");
  });
});

describe("progress", () => {
  it("keeps a call of 2.5 s alive with a callTimeout of 1 s", async () => {
    const { backend, client } = await startFleet({ limits: { callTimeout: "1s" } });
    backend.on("tools/call", (exchange) => work(exchange, 2_500));

    const answer = await client.post(callOf("write", 1, { progressToken: "p" }));

    const messages = messagesOf(answer);
    expect(messages.at(-1)?.result?.content).toEqual([{ type: "text", text: "done" }]);
    expect(messages.filter(({ method }) => method === "notifications/progress").length).toBe(
      messages.length - 1,
    );
    expect(backend.count("tools/call")).toBe(1);
  });

  it("does not keep it alive beyond callTimeoutMax, which the error of HTTP 200 says", async () => {
    const { backend, client } = await startFleet({
      limits: { callTimeout: "1s", callTimeoutMax: "1200ms" },
    });
    backend.on("tools/call", (exchange) => work(exchange, 30_000));

    const answer = await client.post(callOf("write", 1, { progressToken: "p" }));

    expect(messagesOf(answer).at(-1)).toEqual(timedOut);
    await eventually(() => expect(backend.count("notifications/cancelled")).toBe(1));
  });
});

describe("a slow answer", () => {
  it("of 5 s before its head and 1 s within its body is cut by nothing but callTimeout", async () => {
    const { backend, client } = await startFleet({
      limits: { requestTimeout: "1s", connectTimeout: "1s", initializeTimeout: "1s" },
      operational: { failureHandling: { healthCheckInterval: "1s" } },
    });
    backend.on("tools/call", async (exchange) => {
      const text = exchange.resultText(textResult("slow"));
      setTimeout(() => {
        exchange.begin("application/json");
        void exchange.write(text.slice(0, 10));
        setTimeout(() => void exchange.write(text.slice(10)).then(() => exchange.end()), 1_000);
      }, 5_000);
    });

    expect(textOf(await client.post(callOf("write")))).toBe("slow");
    expect(backend.count("tools/call")).toBe(1);
  });
});

describe("a large answer", () => {
  it("of 600 KB that arrives in 10 pieces over 1 s is cut by a callTimeout of 500 ms in no piece", async () => {
    const { backend, client } = await startFleet({ limits: { callTimeout: "500ms" } });
    const large = "x".repeat(600_000);
    backend.on("tools/call", async (exchange) => {
      const text = exchange.resultText(textResult(large));
      exchange.begin("application/json");
      for (let start = 0; start < text.length; start += 60_010) {
        await exchange.write(text.slice(start, start + 60_010));
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      exchange.end();
    });

    expect(textOf(await client.post(callOf("write")))).toBe(large);
  });
});

describe("a person who is asked something", () => {
  it("may take 1 s with a callTimeout of 300 ms, and the answer reaches the backend", async () => {
    const { backend, client } = await startFleet({ limits: { callTimeout: "300ms" } });
    backend.on("tools/call", async (exchange) => {
      backend.once("response", (answer) => {
        answer.status(202);
        const said = JSON.stringify(answer.received.message);
        void exchange.eventWithResult(textResult(said)).then(() => exchange.end());
      });
      exchange.begin();
      const params = { message: "sure?", requestedSchema: { type: "object", properties: {} } };
      await exchange.event({ jsonrpc: "2.0", id: 5, method: "elicitation/create", params });
    });

    const stream = await client.stream(callOf("write"));
    const asked: { id: string } = JSON.parse((await stream.next()) ?? "");
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    const result = { action: "accept", content: {} };
    const given = await client.post(JSON.stringify({ jsonrpc: "2.0", id: asked.id, result }));

    expect(given.status).toBe(202);
    const answer = JSON.parse((await stream.next()) ?? "");
    expect(JSON.parse(answer.result.content[0].text)).toEqual({ jsonrpc: "2.0", id: 5, result });
  });

  it("has to answer within callTimeoutMax", async () => {
    const { backend, client } = await startFleet({
      limits: { callTimeout: "200ms", callTimeoutMax: "600ms" },
    });
    backend.on("tools/call", async (exchange) => {
      exchange.begin();
      await exchange.event({ jsonrpc: "2.0", id: 5, method: "elicitation/create", params: {} });
    });

    const messages = messagesOf(await client.post(callOf("write")));

    expect(messages.map(({ method }) => method)).toEqual(["elicitation/create", undefined]);
    expect(messages.at(-1)).toEqual(timedOut);
  });
});

describe("a connection that does not come about", () => {
  it("is BACKEND_UNREACHABLE after connectTimeout where TLS is never answered, by 1 attempt", async () => {
    let connections = 0;
    const silent = createServer((socket) => {
      connections += 1;
      socket.on("error", () => {});
    });
    silent.listen(0, "127.0.0.1");
    await once(silent, "listening");
    onTestFinished(() => void silent.close());
    const address = silent.address();
    if (address === null || typeof address === "string") throw new Error("no port");
    const configuration = configurationFor(`https://127.0.0.1:${address.port}/mcp`, {
      limits: { connectTimeout: "300ms" },
      operational: { failureHandling: { healthCheckTimeout: "100ms" } },
    });
    const gateway = await startGateway(configuration);
    onTestFinished(() => gateway.close());
    const client = await RawClient.open(gateway.url);
    const before = connections;

    const params = { uri: "x:1" };
    const answer = await client.post(
      JSON.stringify({ jsonrpc: "2.0", id: 1, method: "resources/read", params }),
    );

    expect(answer.status).toBe(502);
    expect(messageOf(answer).error?.data).toMatchObject({ error: "BACKEND_UNREACHABLE" });
    expect(connections - before).toBeLessThanOrEqual(2);
  });
});
