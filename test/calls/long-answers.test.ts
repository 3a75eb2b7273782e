import { describe, expect, it } from "vitest";
import {
  callOf,
  gatewayError,
  messageOf,
  startFleet,
} from "../../testkit/processes/scripted-fleet.ts";

const MEGABYTE = 1024 * 1024;
const LONG = JSON.stringify({ text: "x".repeat(MEGABYTE) });

describe("an answer of 1 MB, which is not held", () => {
  it.each([
    ["behind", `{"result":${LONG},"jsonrpc":"2.0","id":1.0}`],
    ["before", `{"jsonrpc":"2.0","id":1.0,"result":${LONG}}`],
  ])("is passed on under the client's own id, which stands %s its result", async (_, text) => {
    const { backend, client } = await startFleet();
    backend.on("tools/call", (exchange) => exchange.body(200, text, "application/json"));

    const answer = await client.post(callOf("write"));

    expect(answer.text).toBe(text.replace("1.0,", "1,").replace("1.0}", "1}"));
  });

  it.each([
    ["answers another request", `{"jsonrpc":"2.0","id":2,"result":${LONG}}`],
    ["is an array of answers to 2 requests", `[{"id":1,"result":${LONG}},{"id":2,"result":{}}]`],
    ["is no message", LONG],
    ["asks something", `{"jsonrpc":"2.0","id":1,"method":"ping","params":${LONG}}`],
  ])("is OUTCOME_UNKNOWN where it %s", async (what, text) => {
    const { backend, client } = await startFleet();
    backend.on("tools/call", (exchange) => exchange.body(200, text, "application/json"));

    const answer = client.post(callOf("write"));

    // What only the end of the answer shows ends the connection: the client's part of the answer is no JSON.
    if (what === "is no message") await expect(answer).rejects.toThrow();
    else {
      const unknown = gatewayError("OUTCOME_UNKNOWN", "whether it ran is unknown");
      expect(messageOf(await answer)).toEqual(unknown);
    }
    expect(backend.count("tools/call")).toBe(1);
  });

  it.each([
    ["names another request behind its result", `{"result":${LONG},"id":2}`],
    ["names 2 requests", `{"id":1,"result":${LONG},"id":2}`],
    ["names no request", `{"result":${LONG}}`],
    ["is followed by another one", `{"id":1,"result":${LONG}}{"id":2,"result":{}}`],
  ])("ends the client's connection where it %s", async (_, text) => {
    const { backend, client } = await startFleet();
    backend.on("tools/call", (exchange) => exchange.body(200, text, "application/json"));

    await expect(client.post(callOf("write"))).rejects.toThrow();
    expect(backend.count("tools/call")).toBe(1);
  });
});
