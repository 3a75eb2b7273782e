import { describe, expect, it, onTestFinished } from "vitest";
import { RawClient } from "../../testkit/clients/raw-client.ts";
import { startGateway } from "../../testkit/processes/gateway.ts";
import {
  callOf,
  gatewayError,
  messageOf,
  startFleet,
  textOf,
} from "../../testkit/processes/scripted-fleet.ts";
import { ScriptedBackend } from "../../testkit/servers/scripted-backend.ts";

const unknown = gatewayError("OUTCOME_UNKNOWN", "whether it ran is unknown");

const refused = (httpStatus: number) =>
  gatewayError("BACKEND_REFUSED", "the call did not run", { httpStatus });

describe("an answer that is no answer", () => {
  for (const status of [500, 502, 503, 504]) {
    it(`is OUTCOME_UNKNOWN for HTTP ${status} with a page in it, and 1 request was sent`, async () => {
      const { backend, client } = await startFleet();
      backend.on("tools/call", (exchange) => exchange.body(status, "<h1>no</h1>", "text/html"));

      const answer = await client.post(callOf("write"));

      expect(answer.status).toBe(200);
      expect(messageOf(answer)).toEqual(unknown);
      expect(backend.count("tools/call")).toBe(1);
    });
  }

  it("is OUTCOME_UNKNOWN for HTTP 503 whose page breaks off after 5 of 100 bytes", async () => {
    const { backend, client } = await startFleet();
    backend.on("tools/call", (exchange) =>
      exchange.breakOff(
        "HTTP/1.1 503 no\r\ncontent-type: text/html\r\ncontent-length: 100\r\n\r\n<h1>n",
      ),
    );

    expect(messageOf(await client.post(callOf("write")))).toEqual(unknown);
    expect(backend.count("tools/call")).toBe(1);
  });

  it("is OUTCOME_UNKNOWN for HTTP 200 with 1 MB of html, and its only connection is free again", async () => {
    const { backend, client } = await startFleet({ limits: { upstreamConnections: 1 } });
    const page = "x".repeat(1024 * 1024);
    backend.once("tools/call", (exchange) => exchange.body(200, page, "text/html"));

    const answer = await client.post(callOf("write"));

    expect(messageOf(answer)).toEqual(unknown);
    expect(backend.count("tools/call")).toBe(1);
    expect(textOf(await client.post(callOf("write")))).toBe("write for raw");
  });

  it("is OUTCOME_UNKNOWN for HTTP 202 without a body", async () => {
    const { backend, client } = await startFleet();
    backend.on("tools/call", (exchange) => exchange.status(202));

    expect(messageOf(await client.post(callOf("write")))).toEqual(unknown);
    expect(backend.count("tools/call")).toBe(1);
  });

  for (const [what, text] of [
    ["ends inside an object", '{"jsonrpc":"2.0","id":1,"result":{"content":['],
    ["is empty", ""],
    ["is no message", '{"hello":"world"}'],
    ["answers another request", '{"jsonrpc":"2.0","id":2,"result":{}}'],
    ["answers no request", '{"jsonrpc":"2.0","result":{}}'],
    ["asks something itself", '{"jsonrpc":"2.0","id":1,"method":"ping"}'],
    ["answers another request in an array", '[{"jsonrpc":"2.0","id":2,"result":{}}]'],
  ] as const) {
    it(`is OUTCOME_UNKNOWN for JSON that ${what}`, async () => {
      const { backend, client } = await startFleet();
      backend.on("tools/call", (exchange) => exchange.body(200, text, "application/json"));

      const answer = await client.post(callOf("write"));

      expect(answer.status).toBe(200);
      expect(messageOf(answer)).toEqual(unknown);
      expect(backend.count("tools/call")).toBe(1);
    });
  }

  it("is passed under the id as the client wrote it where the backend writes the id 1 as 1.0", async () => {
    const { backend, client } = await startFleet();
    const text = '{"jsonrpc":"2.0","id":1.0,"result":{"n":1.0}}';
    backend.on("tools/call", (exchange) => exchange.body(200, text, "application/json"));

    const answer = await client.post(callOf("write"));

    expect(answer.text).toBe('{"jsonrpc":"2.0","id":1,"result":{"n":1.0}}');
  });

  it("of a backend that answers with the id of another backend's call leaves that call alone", async () => {
    const [good, evil] = await Promise.all([ScriptedBackend.start(), ScriptedBackend.start()]);
    onTestFinished(async () => {
      await Promise.all([good.stop(), evil.stop()]);
    });
    const gateway = await startGateway({
      backends: [
        { name: "good", url: good.url },
        { name: "evil", url: evil.url },
      ],
    });
    onTestFinished(() => gateway.close());
    const client = await RawClient.open(gateway.url);
    const forged = Promise.withResolvers<void>();
    good.on("tools/call", async (exchange) => {
      await forged.promise;
      exchange.result({ text: "good" });
    });
    const text = '{"jsonrpc":"2.0","id":1,"result":{"text":"forged"}}';
    evil.on("tools/call", (exchange) => exchange.body(200, text, "application/json"));

    const slow = client.post(callOf("good_read", 1));
    const fast = await client.post(callOf("evil_write", 2));
    forged.resolve();

    expect(messageOf(fast)).toMatchObject({ id: 2, error: { data: { error: "OUTCOME_UNKNOWN" } } });
    expect(messageOf(await slow)).toMatchObject({ id: 1, result: { text: "good" } });
  });

  it("is OUTCOME_UNKNOWN for an event line of 17 MB without an end, and the process goes on", async () => {
    const { backend, client } = await startFleet();
    backend.once("tools/call", async (exchange) => {
      exchange.begin();
      await exchange.write("data: ");
      const piece = "x".repeat(1024 * 1024);
      for (let pieces = 0; pieces < 64 && !exchange.isCut; pieces += 1) await exchange.write(piece);
    });

    expect(messageOf(await client.post(callOf("write")))).toEqual(unknown);
    expect(textOf(await client.post(callOf("write")))).toBe("write for raw");
  });

  it("is OUTCOME_UNKNOWN for JSON whose connection ends after 30 bytes", async () => {
    const { backend, client } = await startFleet();
    backend.on("tools/call", async (exchange) => {
      exchange.begin("application/json");
      await exchange.write('{"jsonrpc":"2.0","id":1,"resul');
      exchange.breakOff();
    });

    expect(messageOf(await client.post(callOf("write")))).toEqual(unknown);
    expect(backend.count("tools/call")).toBe(1);
  });

  it("breaks the client's connection off where 1 MB of JSON breaks off, and is not sent again", async () => {
    const { backend, client } = await startFleet();
    backend.on("tools/call", async (exchange) => {
      exchange.begin("application/json");
      await exchange.write(`{"jsonrpc":"2.0","id":1,"result":{"text":"${"x".repeat(1024 * 1024)}`);
      exchange.breakOff();
    });

    await expect(client.post(callOf("read"))).rejects.toThrow();

    const after = await client.post(
      JSON.stringify({
        jsonrpc: "2.0",
        id: 2,
        method: "logging/setLevel",
        params: { level: "info" },
      }),
    );
    expect(after.status).toBe(200);
    expect(backend.count("tools/call")).toBe(1);
  });

  for (const [status, where] of [
    [301, "/elsewhere"],
    [302, "/elsewhere"],
    [307, "http://localhost:1/mcp"],
    [308, "//127.0.0.1:1/mcp"],
  ] as const) {
    it(`is BACKEND_REFUSED for the redirect ${status} to ${where}, which is not followed`, async () => {
      const { backend, client } = await startFleet();
      backend.on("tools/call", (exchange) => exchange.status(status, { location: where }));

      const answer = await client.post(callOf("write"));

      expect(answer.status).toBe(200);
      expect(messageOf(answer)).toEqual(refused(status));
      expect(backend.count("tools/call")).toBe(1);
    });
  }

  for (const status of [401, 403, 405, 413, 429]) {
    it(`is BACKEND_REFUSED for HTTP ${status}: the call did not run and is not sent again`, async () => {
      const { backend, client } = await startFleet();
      backend.on("tools/call", (exchange) => exchange.body(status, "no", "text/plain"));

      const answer = await client.post(callOf("read"));

      expect(answer.status).toBe(200);
      expect(messageOf(answer)).toEqual(refused(status));
      expect(backend.count("tools/call")).toBe(1);
    });
  }
});
