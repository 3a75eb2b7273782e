import { describe, expect, it } from "vitest";
import {
  callOf,
  gatewayError,
  messageOf,
  messagesOf,
  startFleet,
  textOf,
} from "../../testkit/processes/scripted-fleet.ts";
import { textResult } from "../../testkit/servers/scripted-exchange.ts";

const unknown = gatewayError("OUTCOME_UNKNOWN", "whether it ran is unknown");

describe("an SSE answer that ends early", () => {
  const progress = { jsonrpc: "2.0", method: "notifications/message", params: { level: "info" } };

  it("is OUTCOME_UNKNOWN with HTTP 200 when the stream ends before 1 event", async () => {
    const { backend, client } = await startFleet();
    backend.on("tools/call", (exchange) => {
      exchange.begin();
      exchange.end();
    });

    const answer = await client.post(callOf("write"));

    expect(answer.status).toBe(200);
    expect(messageOf(answer)).toEqual(unknown);
    expect(backend.count("tools/call")).toBe(1);
  });

  it("is OUTCOME_UNKNOWN as the 2nd event where the stream ended after 1", async () => {
    const { backend, client } = await startFleet();
    backend.on("tools/call", async (exchange) => {
      exchange.begin();
      await exchange.event(progress);
      exchange.end();
    });

    const answer = await client.post(callOf("write"));

    expect(answer.headers["content-type"]).toBe("text/event-stream");
    expect(messagesOf(answer)).toEqual([progress, unknown]);
    expect(backend.count("tools/call")).toBe(1);
  });

  it("is OUTCOME_UNKNOWN as the 2nd event where the connection was reset after 1", async () => {
    const { backend, client } = await startFleet();
    const passed = Promise.withResolvers<void>();
    backend.on("tools/call", async (exchange) => {
      exchange.begin();
      await exchange.event(progress);
      await passed.promise;
      exchange.reset();
    });

    const stream = await client.stream(callOf("write"));

    expect(JSON.parse((await stream.next()) ?? "")).toEqual(progress);
    passed.resolve();
    expect(JSON.parse((await stream.next()) ?? "")).toEqual(unknown);
    expect(await stream.next()).toBeUndefined();
    expect(backend.count("tools/call")).toBe(1);
  });

  it("drops 1 event that the end cuts off", async () => {
    const { backend, client } = await startFleet();
    backend.on("tools/call", async (exchange) => {
      exchange.begin();
      await exchange.write(`data: ${exchange.resultText(textResult("half"))}`);
      exchange.end();
    });

    expect(messageOf(await client.post(callOf("write")))).toEqual(unknown);
  });

  it("is gone on with by 1 GET where the event had an id, and is answered with 1 call sent", async () => {
    const { backend, client } = await startFleet();
    backend.on("tools/call", async (exchange) => {
      exchange.begin();
      await exchange.write("retry: 10\nid: 7\ndata: \n\n");
      exchange.end();
    });
    backend.on("GET", async (exchange) => {
      exchange.begin();
      if (exchange.received.headers["last-event-id"] === undefined) return;
      await exchange.event({ jsonrpc: "2.0", id: 1, result: textResult("late") });
      exchange.end();
    });

    const answer = await client.post(callOf("write"));

    expect(textOf(answer)).toBe("late");
    expect(backend.of("GET").map(({ headers }) => headers["last-event-id"])).toEqual(["7"]);
    expect(backend.count("tools/call")).toBe(1);
  });

  it("is OUTCOME_UNKNOWN, not BACKEND_UNREACHABLE, where the backend is gone before the GET", async () => {
    const { backend, client } = await startFleet();
    const passed = Promise.withResolvers<void>();
    backend.on("tools/call", async (exchange) => {
      exchange.begin();
      await exchange.write(`retry: 10\nid: 7\ndata: ${JSON.stringify(progress)}\n\n`);
      await passed.promise;
      await backend.stop();
    });

    const stream = await client.stream(callOf("write"));
    await stream.next();
    passed.resolve();

    expect(JSON.parse((await stream.next()) ?? "")).toEqual(unknown);
    expect(backend.count("tools/call")).toBe(1);
  });

  it("is OUTCOME_UNKNOWN where the GET is refused with 405", async () => {
    const { backend, client } = await startFleet();
    backend.on("tools/call", async (exchange) => {
      exchange.begin();
      await exchange.write("retry: 10\nid: 7\ndata: \n\n");
      exchange.end();
    });
    backend.on("GET", (exchange) => exchange.status(405));

    expect(messageOf(await client.post(callOf("write")))).toEqual(unknown);
    expect(backend.count("tools/call")).toBe(1);
  });

  it("passes over 3 events that are no messages, and the answer to another id", async () => {
    const { backend, client } = await startFleet();
    backend.on("tools/call", async (exchange) => {
      exchange.begin();
      await exchange.write("data: hello\n\n: a comment\n\ndata: [1]\n\nevent: ping\ndata: {}\n\n");
      await exchange.event({ jsonrpc: "2.0", id: 99, result: {} });
      await exchange.eventWithResult(textResult("mine"));
      exchange.end();
    });

    expect(textOf(await client.post(callOf("write")))).toBe("mine");
  });

  it("knows the answer to an id of 5 letters that the backend writes with 2 escapes", async () => {
    const { backend, client } = await startFleet();
    backend.on("tools/call", async (exchange) => {
      exchange.begin();
      const result = JSON.stringify(textResult("mine"));
      await exchange.write(
        `data: {"jsonrpc":"2.0","id":"gr\\u00fc\\u00dfe","result":${result}}\n\n`,
      );
      exchange.end();
    });

    expect(textOf(await client.post(callOf("write", "grüße")))).toBe("mine");
  });

  it("reads 1 answer that arrives one byte at a time", async () => {
    const { backend, client } = await startFleet();
    backend.on("tools/call", async (exchange) => {
      exchange.begin();
      const event = `data: ${exchange.resultText(textResult("grüße"))}\r\n\r\n`;
      for (const byte of Buffer.from(event)) await exchange.write(Buffer.of(byte));
      exchange.end();
    });

    expect(textOf(await client.post(callOf("write")))).toBe("grüße");
  });
});
