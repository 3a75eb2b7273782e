import { describe, expect, it } from "vitest";

import type { RawClient } from "../../testkit/clients/raw-client.ts";
import { callOf, messageOf, startFleet, textOf } from "../../testkit/processes/scripted-fleet.ts";
import type { ScriptedBackend } from "../../testkit/servers/scripted-backend.ts";
import { textResult } from "../../testkit/servers/scripted-exchange.ts";

const RENEWED = "mcp-fleet/backendSessionRenewed";

function request(method: string, params: object): string {
  return JSON.stringify({ jsonrpc: "2.0", id: method, method, params });
}

/** Forgets all sessions, and says so only when this many calls have come. */
function loseTogether(backend: ScriptedBackend, calls: number): void {
  backend.forget();
  const all = Promise.withResolvers<void>();
  const before = backend.count("tools/call");
  for (let call = 0; call < calls; call += 1) {
    backend.once("tools/call", async (exchange) => {
      if (backend.count("tools/call") === before + calls) all.resolve();
      await all.promise;
      exchange.status(404);
    });
  }
}

async function newsAt(client: RawClient): Promise<unknown> {
  return messageOf(await client.post(callOf("write"))).result?._meta?.[RENEWED];
}

describe("a backend without state that lost the session", () => {
  it("and breaks off the log level that is said again still answers the call, in 1 new session", async () => {
    const { backend, client } = await startFleet();
    await client.post(callOf("write"));
    await client.post(request("logging/setLevel", { level: "warning" }));
    backend.forget();
    backend.once("logging/setLevel", (exchange) => exchange.reset());

    expect(textOf(await client.post(callOf("write")))).toBe("write for raw");

    expect(backend.count("initialize")).toBe(2);
    expect(backend.clientSessions).toHaveLength(1);
  });

  it("gets 1 new initialize and the call once more, and the next result alone says so", async () => {
    const { backend, client } = await startFleet();
    await client.post(callOf("write"));
    backend.forget();

    const answer = await client.post(callOf("write"));

    expect(textOf(answer)).toBe("write for raw");
    expect(messageOf(answer).result?._meta).toEqual({ [RENEWED]: { backend: "scripted" } });
    expect(backend.count("initialize")).toBe(2);
    expect(backend.count("notifications/initialized")).toBe(2);
    expect(backend.of("tools/call").map(({ sessionId }) => sessionId)).toEqual([
      expect.any(String),
      backend.of("tools/call")[0]?.sessionId,
      backend.clientSessions[0],
    ]);
    expect(await newsAt(client)).toBeUndefined();
    expect(backend.count("initialize")).toBe(2);
  });

  it("says so within 1 event of an SSE answer too, next to the _meta that was there", async () => {
    const { backend, client } = await startFleet();
    await client.post(callOf("write"));
    backend.forget();
    backend.once("tools/call", (exchange) => exchange.status(404));
    backend.once("tools/call", async (exchange) => {
      exchange.begin();
      await exchange.eventWithResult({ ...textResult("ok"), _meta: { theirs: 1 } });
      exchange.end();
    });

    const answer = await client.post(callOf("write"));

    expect(messageOf(answer).result?._meta).toEqual({
      theirs: 1,
      [RENEWED]: { backend: "scripted" },
    });
  });

  it("hears the log level and 2 subscriptions again before the call, in the new session", async () => {
    const { backend, client } = await startFleet();
    await client.post(callOf("write"));
    await client.post(request("logging/setLevel", { level: "warning" }));
    await client.post(request("resources/subscribe", { uri: "a:1" }));
    await client.post(request("resources/subscribe", { uri: "b:2" }));
    await client.post(request("resources/subscribe", { uri: "c:3" }));
    await client.post(request("resources/unsubscribe", { uri: "b:2" }));
    backend.forget();

    await client.post(callOf("write"));

    const [renewed] = backend.clientSessions;
    const said = backend.received.filter(({ sessionId }) => sessionId === renewed);
    expect(said.map(({ kind, params }) => [kind, params.level ?? params.uri])).toEqual([
      ["notifications/initialized", undefined],
      ["logging/setLevel", "warning"],
      ["resources/subscribe", "a:1"],
      ["resources/subscribe", "c:3"],
      ["tools/call", undefined],
    ]);
  });

  it("is opened 1 time anew for 20 calls that find the session lost at once, and each is answered", async () => {
    const { backend, client, gateway } = await startFleet();
    await client.post(callOf("write"));
    loseTogether(backend, 20);

    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) => client.post(callOf("write", index))),
    );

    expect(answers.map(textOf)).toEqual(Array(20).fill("write for raw"));
    expect(backend.count("initialize")).toBe(2);
    expect(backend.clientSessions).toHaveLength(1);
    expect(await newsAt(client)).toBeUndefined();
    const metrics = await (await fetch(`${gateway.adminUrl}/metrics`)).text();
    expect(metrics).toMatch(/upstream_sessions_lost_total\{backend="scripted"\} 1$/m);
  });

  it("is opened 1 time anew for 20 calls over 2 gateways", async () => {
    const { backend, client, others } = await startFleet({ gateways: 2 });
    const twins = [client, ...others.map((gateway) => client.at(gateway.url))];
    await client.post(callOf("write"));
    loseTogether(backend, 20);

    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        (twins[index % 2] ?? client).post(callOf("write", index)),
      ),
    );

    expect(answers.map(textOf)).toEqual(Array(20).fill("write for raw"));
    expect(backend.count("initialize")).toBe(2);
    expect(backend.clientSessions).toHaveLength(1);
  });

  it("is BACKEND_SESSION_LOST when it loses the new session too, after 2 requests", async () => {
    const { backend, client } = await startFleet();
    await client.post(callOf("write"));
    backend.on("tools/call", (exchange) => exchange.status(404));

    const answer = await client.post(callOf("write"));

    expect(answer.status).toBe(200);
    expect(messageOf(answer).error?.data).toEqual({
      error: "BACKEND_SESSION_LOST",
      backend: "scripted",
    });
    expect(backend.count("tools/call")).toBe(3);
    expect(backend.count("initialize")).toBe(2);
  });

  it("is BACKEND_UNREACHABLE where it is gone before the new session, and recovers in 1 call", async () => {
    const { backend, client } = await startFleet();
    await client.post(callOf("write"));
    backend.once("tools/call", async (exchange) => {
      backend.once("initialize", (opening) => opening.reset());
      exchange.status(404);
    });

    const answer = await client.post(callOf("write"));

    expect(answer.status).toBe(200);
    expect(messageOf(answer).error?.data).toMatchObject({ error: "BACKEND_UNREACHABLE" });
    expect(await newsAt(client)).toEqual({ backend: "scripted" });
    expect(backend.clientSessions).toHaveLength(2);
  });
});

describe("a backend that answers 400", () => {
  it("has lost the session where 1 ping on it gets 400 too", async () => {
    const { backend, client } = await startFleet();
    await client.post(callOf("write"));
    backend.forget();
    backend.lostStatus = 400;

    const answer = await client.post(callOf("write"));

    expect(textOf(answer)).toBe("write for raw");
    expect(backend.count("ping")).toBe(1);
    expect(backend.count("initialize")).toBe(2);
  });

  it("means it where 1 ping is answered: BACKEND_REFUSED, no new session, 1 request", async () => {
    const { backend, client } = await startFleet();
    await client.post(callOf("write"));
    backend.once("tools/call", (exchange) => exchange.body(400, "bad", "text/plain"));

    const answer = await client.post(callOf("write"));

    expect(answer.status).toBe(200);
    expect(messageOf(answer).error?.data).toMatchObject({
      error: "BACKEND_REFUSED",
      httpStatus: 400,
    });
    expect(backend.count("ping")).toBe(1);
    expect(backend.count("initialize")).toBe(1);
    expect(backend.count("tools/call")).toBe(2);
  });

  it("passes its own JSON-RPC error where 1 ping is answered", async () => {
    const { backend, client } = await startFleet();
    await client.post(callOf("write"));
    const error = { code: -32602, message: "no such argument", data: { more: 1 } };
    const text = JSON.stringify({ jsonrpc: "2.0", id: 1, error });
    backend.once("tools/call", (exchange) => exchange.body(400, text, "application/json"));

    const answer = await client.post(callOf("write"));

    expect(messageOf(answer)).toEqual({ jsonrpc: "2.0", id: 1, error });
    expect(backend.count("tools/call")).toBe(2);
  });
});

describe("a backend with state that lost the session", () => {
  it("is BACKEND_SESSION_LOST 1 time, then a new session that says so 1 time", async () => {
    const { backend, client } = await startFleet({ backend: { stateful: true } });
    await client.post(callOf("write"));
    backend.forget();

    const answer = await client.post(callOf("read"));

    expect(answer.status).toBe(200);
    expect(messageOf(answer)).toMatchObject({
      id: 1,
      error: { code: -32603, data: { error: "BACKEND_SESSION_LOST", backend: "scripted" } },
    });
    expect(backend.count("tools/call")).toBe(2);
    expect(backend.count("initialize")).toBe(1);
    expect(await newsAt(client)).toEqual({ backend: "scripted" });
    expect(backend.count("initialize")).toBe(2);
    expect(await newsAt(client)).toBeUndefined();
  });

  it("is told 1 time of 2 losses in a row: a session that has answered nothing yet has nothing to lose", async () => {
    const { backend, client } = await startFleet({ backend: { stateful: true } });
    await client.post(callOf("write"));
    backend.forget();
    const told = await client.post(callOf("write"));
    expect(messageOf(told).error?.data).toMatchObject({ error: "BACKEND_SESSION_LOST" });
    backend.once("tools/call", (exchange) => {
      backend.forget();
      exchange.status(404);
    });

    expect(await newsAt(client)).toEqual({ backend: "scripted" });

    expect(backend.count("initialize")).toBe(3);
  });

  it("is new at 1 gateway when another one found it lost", async () => {
    const { backend, client, others } = await startFleet({
      gateways: 2,
      backend: { stateful: true },
    });
    const [other] = others;
    if (other === undefined) throw new Error("there is no second gateway");
    const twin = client.at(other.url);
    await client.post(callOf("write"));
    await twin.post(callOf("write"));
    backend.forget();

    const lost = await client.post(callOf("write"));

    expect(messageOf(lost).error?.data).toMatchObject({ error: "BACKEND_SESSION_LOST" });
    expect(await newsAt(twin)).toEqual({ backend: "scripted" });
    expect(await newsAt(client)).toBeUndefined();
    expect(backend.count("initialize")).toBe(2);
  });
});
