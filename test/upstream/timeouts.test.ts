import { once } from "node:events";
import { createServer } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { RawClient } from "../../testkit/clients/raw-client.ts";
import { startGateway } from "../../testkit/processes/gateway.ts";
import {
  callOf,
  configurationFor,
  type FleetOptions,
  gatewayError,
  messageOf,
  startFleet,
  textOf,
} from "../../testkit/processes/scripted-fleet.ts";
import type { Exchange } from "../../testkit/servers/scripted-exchange.ts";
import { textResult } from "../../testkit/servers/scripted-exchange.ts";
import { eventually } from "../../testkit/vitest/eventually.ts";
import { StoppedClock } from "../../testkit/vitest/stopped-clock.ts";

const timedOut = gatewayError("BACKEND_TIMEOUT", "whether the call ran is unknown");

const progressOf = (progress: number) => ({
  jsonrpc: "2.0",
  method: "notifications/progress",
  params: { progressToken: "p", progress },
});

/** A fleet, the clock of its calls stopped, and the next call as the backend has it. */
async function startStopped(options: FleetOptions) {
  const fleet = await startFleet(options);
  const clock = StoppedClock.stop();
  const called = Promise.withResolvers<Exchange>();
  fleet.backend.on("tools/call", (exchange) => called.resolve(exchange));
  return { ...fleet, clock, called: called.promise };
}

const parsed = (text: string | undefined) => JSON.parse(text ?? "");

describe("a call without an answer", () => {
  it("is BACKEND_TIMEOUT with HTTP 200 after callTimeout, and the backend hears 1 cancellation", async () => {
    const { backend, client, clock, called } = await startStopped({
      limits: { callTimeout: "300ms" },
    });
    const waiting = client.post(callOf("read"));
    const exchange = await called;

    await clock.pass(300);

    const answer = await waiting;
    expect(answer.status).toBe(200);
    expect(messageOf(answer)).toEqual(timedOut);
    await eventually(() => expect(backend.count("notifications/cancelled")).toBe(1));
    const [cancelled] = backend.of("notifications/cancelled");
    expect(cancelled?.params).toMatchObject({ requestId: 1 });
    expect(cancelled?.sessionId).toBe(backend.clientSessions[0]);
    await exchange.closed();
    expect(exchange.isCut).toBe(true);
    expect(backend.count("tools/call")).toBe(1);
  });

  it("is BACKEND_TIMEOUT as the 2nd event where the stream says 1 thing and falls silent", async () => {
    const { client, clock, called } = await startStopped({ limits: { callTimeout: "300ms" } });
    const log = { jsonrpc: "2.0", method: "notifications/message", params: { level: "info" } };
    const answer = client.stream(callOf("write", 1));
    const exchange = await called;
    exchange.begin();
    await exchange.event(log);
    const stream = await answer;
    expect(parsed(await stream.next())).toEqual(log);

    await clock.pass(300);

    expect(parsed(await stream.next())).toEqual(timedOut);
    expect(await stream.next()).toBeUndefined();
  });

  it("is BACKEND_TIMEOUT after the backend's own callTimeout, the id a string with 3 odd characters", async () => {
    const id = 'ä"\\';
    const { backend, client, clock, called } = await startStopped({
      backend: { callTimeout: "200ms" },
    });
    const answer = client.post(callOf("write", id));
    await called;

    await clock.pass(200);

    expect(messageOf(await answer)).toEqual({ ...timedOut, id });
    await eventually(() =>
      expect(backend.of("notifications/cancelled")[0]?.params.requestId).toBe(id),
    );
  });

  it("may wait 9 s with a limits.callTimeout of 100 ms where the backend's own callTimeout is 10 s", async () => {
    const { client, clock, called } = await startStopped({
      limits: { callTimeout: "100ms" },
      backend: { callTimeout: "10s" },
    });
    const answer = client.post(callOf("write"));
    const exchange = await called;

    await clock.pass(9_000);
    exchange.result(textResult("late"));

    expect(textOf(await answer)).toBe("late");
  });
});

describe("progress", () => {
  it("keeps a call of 2.7 s alive with a callTimeout of 1 s", async () => {
    const { backend, client, clock, called } = await startStopped({
      limits: { callTimeout: "1s" },
    });
    const answer = client.stream(callOf("write", 1, { meta: { progressToken: "p" } }));
    const exchange = await called;
    exchange.begin();
    for (const progress of [1, 2, 3]) {
      await exchange.event(progressOf(progress));
      expect(parsed(await (await answer).next())).toEqual(progressOf(progress));
      await clock.pass(900);
    }
    await exchange.eventWithResult(textResult("done"));
    exchange.end();

    const { result } = parsed(await (await answer).next());
    expect(result.content).toEqual([{ type: "text", text: "done" }]);
    expect(backend.count("tools/call")).toBe(1);
  });

  it("does not keep it alive beyond callTimeoutMax, which the error of HTTP 200 says", async () => {
    const { backend, client, clock, called } = await startStopped({
      limits: { callTimeout: "1s", callTimeoutMax: "1200ms" },
    });
    const answer = client.stream(callOf("write", 1, { meta: { progressToken: "p" } }));
    const exchange = await called;
    exchange.begin();
    for (const progress of [1, 2]) {
      await exchange.event(progressOf(progress));
      expect(parsed(await (await answer).next())).toEqual(progressOf(progress));
      await clock.pass(600);
    }

    expect(parsed(await (await answer).next())).toEqual(timedOut);
    await eventually(() => expect(backend.count("notifications/cancelled")).toBe(1));
  });
});

describe("a slow answer", () => {
  it("of 5 s before its head and 1 s within its body is cut by nothing but callTimeout", async () => {
    const { backend, client } = await startFleet({
      limits: { requestTimeout: "2s", connectTimeout: "2s", initializeTimeout: "2s" },
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
    const { client, clock, called } = await startStopped({ limits: { callTimeout: "500ms" } });
    const large = "x".repeat(600_000);
    const answer = client.post(callOf("write"));
    const exchange = await called;
    const text = exchange.resultText(textResult(large));
    exchange.begin("application/json");
    for (let start = 0; start < text.length; start += 60_010) {
      await exchange.write(text.slice(start, start + 60_010));
      await clock.pass(100);
    }
    exchange.end();

    expect(textOf(await answer)).toBe(large);
  });
});

const ASKABLE = { protocolVersion: "2025-11-25", capabilities: { elicitation: {} } };

describe("a person who is asked something", () => {
  it("may take 1 s with a callTimeout of 300 ms, and the answer reaches the backend", async () => {
    const { backend, client, clock, called } = await startStopped({
      limits: { callTimeout: "300ms" },
    });
    await client.initialize(ASKABLE);
    const stream = client.stream(callOf("write"));
    const exchange = await called;
    backend.once("response", async (answer) => {
      answer.status(202);
      await exchange.eventWithResult(textResult(JSON.stringify(answer.received.message)));
      exchange.end();
    });
    exchange.begin();
    const params = { message: "sure?", requestedSchema: { type: "object", properties: {} } };
    await exchange.event({ jsonrpc: "2.0", id: 5, method: "elicitation/create", params });
    const asked: { id: string } = parsed(await (await stream).next());

    await clock.pass(1_000);
    const result = { action: "accept", content: {} };
    const given = await client.post(JSON.stringify({ jsonrpc: "2.0", id: asked.id, result }));

    expect(given.status).toBe(202);
    const answer = parsed(await (await stream).next());
    expect(JSON.parse(answer.result.content[0].text)).toEqual({ jsonrpc: "2.0", id: 5, result });
  });

  it("has to answer within callTimeoutMax", async () => {
    const { client, clock, called } = await startStopped({
      limits: { callTimeout: "200ms", callTimeoutMax: "600ms" },
    });
    await client.initialize(ASKABLE);
    const stream = client.stream(callOf("write"));
    const exchange = await called;
    exchange.begin();
    await exchange.event({ jsonrpc: "2.0", id: 5, method: "elicitation/create", params: {} });
    expect(parsed(await (await stream).next()).method).toBe("elicitation/create");

    await clock.pass(600);

    expect(parsed(await (await stream).next())).toEqual(timedOut);
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

    expect(answer.status).toBe(200);
    expect(messageOf(answer).error?.data).toMatchObject({ error: "BACKEND_UNREACHABLE" });
    expect(connections - before).toBeLessThanOrEqual(2);
  });
});
