import { describe, expect, it } from "vitest";
import {
  callOf,
  gatewayError,
  messageOf,
  startFleet,
  textOf,
} from "../../testkit/processes/scripted-fleet.ts";
import type { Script } from "../../testkit/servers/scripted-backend.ts";
import { eventually } from "../../testkit/vitest/eventually.ts";

const unknown = gatewayError("OUTCOME_UNKNOWN", "whether it ran is unknown");

const reset: Script = (exchange) => exchange.reset();

describe("a call whose connection is reset", () => {
  it("answers OUTCOME_UNKNOWN with HTTP 200 after the backend read it, which saw 1 request", async () => {
    const { backend, client } = await startFleet();
    backend.on("tools/call", reset);

    const answer = await client.post(callOf("write"));

    expect(answer.status).toBe(200);
    expect(messageOf(answer)).toEqual(unknown);
    expect(backend.count("tools/call")).toBe(1);
  });

  it("answers OUTCOME_UNKNOWN after the backend read 1 head and no body, and sends no second", async () => {
    const { backend, client } = await startFleet();
    await client.post(callOf("write"));
    let heads = 0;
    backend.onHead = (request) => {
      if (request.method !== "POST") return false;
      heads += 1;
      request.socket.resetAndDestroy();
      return true;
    };

    const answer = await client.post(callOf("write"));

    expect(messageOf(answer)).toEqual(unknown);
    expect(heads).toBe(1);
  });

  for (const name of ["read", "repeat"]) {
    it(`sends the tool "${name}", which says that running twice does no harm, a 2nd time`, async () => {
      const { backend, client } = await startFleet();
      backend.once("tools/call", reset);

      const answer = await client.post(callOf(name));

      expect(textOf(answer)).toBe(`${name} for raw`);
      expect(backend.count("tools/call")).toBe(2);
    });
  }

  it("gives up on a tool that may run twice after 2 resets", async () => {
    const { backend, client } = await startFleet();
    backend.on("tools/call", reset);

    const answer = await client.post(callOf("read"));

    expect(messageOf(answer)).toEqual(unknown);
    expect(backend.count("tools/call")).toBe(2);
  });
});

describe("a backend that closes its idle connections", () => {
  it("gets each of 3 calls 1 time, over a new connection each", async () => {
    const { backend, client } = await startFleet({
      prepare: (one) => one.on("GET", (exchange) => exchange.status(405)),
    });

    for (const id of [1, 2, 3]) {
      expect(textOf(await client.post(callOf("write", id)))).toBe("write for raw");
      backend.closeIdle();
      await eventually(() => expect(backend.openSockets).toBe(0));
    }

    expect(backend.count("tools/call")).toBe(3);
  });
});

describe("a backend that refuses connections", () => {
  it("is BACKEND_UNREACHABLE with HTTP 200, and the call runs 0 times", async () => {
    const { backend, client } = await startFleet();
    await client.post(callOf("write"));
    await backend.stop();

    const answer = await client.post(callOf("write"));

    expect(answer.status).toBe(200);
    expect(messageOf(answer).error?.data).toEqual({
      error: "BACKEND_UNREACHABLE",
      backend: "scripted",
    });
    expect(answer.headers["mcp-fleet-not-processed"]).toBeDefined();
    expect(backend.count("tools/call")).toBe(1);
  });
});

describe("a front that says mcp-fleet-not-processed", () => {
  const turnAway: Script = (exchange) =>
    exchange.body(503, "draining", "text/plain", { "mcp-fleet-not-processed": "true" });

  it("gets the call a 2nd time, whatever the tool is", async () => {
    const { backend, client } = await startFleet();
    backend.once("tools/call", turnAway);

    const answer = await client.post(callOf("write"));

    expect(textOf(answer)).toBe("write for raw");
    expect(backend.count("tools/call")).toBe(2);
  });

  it("is BACKEND_BUSY after it turned the call away 2 times, to be tried again after 2 seconds", async () => {
    const { backend, client } = await startFleet();
    backend.on("tools/call", turnAway);

    const answer = await client.post(callOf("write"));

    expect(answer.status).toBe(200);
    expect(messageOf(answer).error?.data).toMatchObject({
      ...{ error: "BACKEND_BUSY", backend: "scripted", reason: "HTTP 503" },
    });
    expect(answer.headers).toMatchObject({ "retry-after": "2", "mcp-fleet-not-processed": "true" });
    expect(backend.count("tools/call")).toBe(2);
  });

  /** As our own processes say it within a session. */
  const turnAwayInJson: Script = (exchange) => {
    const { id } = exchange.received.message;
    const error = { code: -32000, message: "full", data: { error: "AT_CAPACITY" } };
    const text = JSON.stringify({ jsonrpc: "2.0", id, error });
    exchange.body(200, text, "application/json", { "mcp-fleet-not-processed": "true" });
  };

  it("gets the call a 2nd time where it says so with HTTP 200, too", async () => {
    const { backend, client } = await startFleet();
    backend.once("tools/call", turnAwayInJson);

    const answer = await client.post(callOf("write"));

    expect(textOf(answer)).toBe("write for raw");
    expect(backend.count("tools/call")).toBe(2);
  });

  it("is heard by the client after it turned the call away 2 times with HTTP 200: BACKEND_BUSY, and why", async () => {
    const { backend, client } = await startFleet();
    backend.on("tools/call", turnAwayInJson);

    const answer = await client.post(callOf("write"));

    expect(messageOf(answer).error?.data).toMatchObject({
      ...{ error: "BACKEND_BUSY", reason: "AT_CAPACITY" },
    });
    expect(answer.headers["retry-after"]).toBe("2");
    expect(backend.count("tools/call")).toBe(2);
  });

  it("gets initialize a 2nd time, too, where it could not open a session", async () => {
    const { backend, client } = await startFleet();
    backend.once("initialize", turnAway);

    const answer = await client.post(callOf("write"));

    expect(textOf(answer)).toBe("write for raw");
    expect(backend.count("tools/call")).toBe(1);
  });

  it("is BACKEND_BUSY after it opened no session 2 times: a call is told when to come again, and runs then", async () => {
    const { backend, client } = await startFleet();
    backend.once("initialize", turnAway);
    backend.once("initialize", turnAway);

    const answer = await client.post(callOf("write"));

    expect(messageOf(answer).error?.data).toMatchObject({ error: "BACKEND_BUSY" });
    expect(answer.headers).toMatchObject({ "retry-after": "2", "mcp-fleet-not-processed": "true" });
    expect(backend.count("tools/call")).toBe(0);
    expect(textOf(await client.post(callOf("write")))).toBe("write for raw");
  });
});
