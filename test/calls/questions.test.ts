import { describe, expect, it } from "vitest";
import { callOf, messagesOf, startFleet } from "../../testkit/processes/scripted-fleet.ts";
import type { ScriptedBackend } from "../../testkit/servers/scripted-backend.ts";
import { textResult } from "../../testkit/servers/scripted-exchange.ts";
import { eventually } from "../../testkit/vitest/eventually.ts";

const ask = (id: number, method: string) => ({ jsonrpc: "2.0", id, method, params: {} });

const METHODS = [
  "elicitation/create",
  "sampling/createMessage",
  "roots/list",
  "tasks/get",
  "x-own/ask",
];

/** Asks these things in each call, one after the other, before it answers. */
function askIn(backend: ScriptedBackend, methods: readonly string[]): void {
  backend.on("tools/call", async (exchange) => {
    exchange.begin();
    for (const [index, method] of methods.entries()) await exchange.event(ask(index, method));
    await exchange.eventWithResult(textResult("done"));
    exchange.end();
  });
}

/** The errors that a backend was answered with, by the id of its question. */
function refusals(backend: ScriptedBackend): unknown[] {
  return backend.of("response").map(({ message }) => [message.id, message.error]);
}

const undeclared = (name: string) => ({
  code: -32601,
  message: `the client did not declare the capability ${name}`,
});

describe("what a backend asks in a call", () => {
  it("reaches no client that declared nothing: 5 of 5 questions are refused", async () => {
    const { backend, client } = await startFleet();
    askIn(backend, METHODS);

    const heard = messagesOf(await client.post(callOf("write")));

    expect(heard).toHaveLength(1);
    const names = ["elicitation", "sampling", "roots", "tasks", "x-own"];
    expect(refusals(backend)).toEqual(names.map((name, id) => [id, undeclared(name)]));
  });

  it("reaches a client with what it declared, an experimental capability included: 3 of 5", async () => {
    const { backend, client } = await startFleet();
    const capabilities = { elicitation: {}, roots: {}, experimental: { "x-own": {} } };
    await client.initialize({ protocolVersion: "2025-11-25", capabilities });
    askIn(backend, METHODS);

    const heard = messagesOf(await client.post(callOf("write")));

    const methods = heard.slice(0, -1).map(({ method }) => method);
    expect(methods).toEqual(["elicitation/create", "roots/list", "x-own/ask"]);
    expect(refusals(backend)).toEqual([
      [1, undeclared("sampling")],
      [3, undeclared("tasks")],
    ]);
  });

  it("is refused from the 4th question on with a limits.serverRequests of 3, in each call anew", async () => {
    const { backend, client } = await startFleet({ limits: { serverRequests: 3 } });
    await client.initialize({ protocolVersion: "2025-11-25", capabilities: { elicitation: {} } });
    askIn(backend, Array(5).fill("elicitation/create"));

    for (const id of [1, 2]) {
      const heard = messagesOf(await client.post(callOf("write", id)));
      expect(heard.slice(0, -1).map((one) => one.id)).toEqual([
        "scripted.1.0",
        "scripted.1.1",
        "scripted.1.2",
      ]);
    }

    const tooMany = { code: -32000, message: expect.stringContaining("limits.serverRequests") };
    expect(refusals(backend)).toEqual([3, 4, 3, 4].map((id) => [id, tooMany]));
  });
});

describe("what a backend asks on the session's stream", () => {
  it("reaches a client with what it declared, 3 times per minute with a limits.serverRequests of 3", async () => {
    const limits = { serverRequests: 3 };
    const { backend, client } = await startFleet({ limits, backend: { notifications: "session" } });
    await client.initialize({ protocolVersion: "2025-11-25", capabilities: { roots: {} } });
    const stream = await client.stream();
    await client.post(callOf("write"));
    await eventually(() => expect(backend.count("GET")).toBe(1));

    const methods = [
      "sampling/createMessage",
      "roots/list",
      "roots/list",
      "roots/list",
      "roots/list",
    ];
    for (const [id, method] of methods.entries()) await backend.announce(ask(id, method));

    for (const id of [1, 2, 3]) {
      expect(JSON.parse((await stream.next()) ?? "")).toMatchObject({ id: `scripted.1.${id}` });
    }
    const tooMany = { code: -32000, message: expect.stringContaining("limits.serverRequests") };
    await eventually(() =>
      expect(refusals(backend)).toEqual(
        expect.arrayContaining([
          [0, undeclared("sampling")],
          [4, tooMany],
        ]),
      ),
    );
    stream.leave();
  });
});
