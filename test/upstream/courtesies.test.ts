import { describe, expect, it } from "vitest";
import { RawClient } from "../../testkit/clients/raw-client.ts";
import { callOf, startFleet, textOf } from "../../testkit/processes/scripted-fleet.ts";
import type { Script } from "../../testkit/servers/scripted-backend.ts";

/** Never answers. */
const hang: Script = () => {};

/** Answers with a body that never ends. */
const linger: Script = async (exchange) => {
  exchange.begin("application/json");
  await exchange.write(" ");
};

const messageTo = (method: string, params: object = {}, id?: number) =>
  JSON.stringify({ jsonrpc: "2.0", ...(id !== undefined && { id }), method, params });

/** Far below callTimeout, which is 60 s. */
const SOON_MS = 10_000;

describe.each([
  ["never answers", hang],
  ["never ends its answers to", linger],
])("a backend that %s", (_what, script) => {
  it("notifications/initialized is called all the same", async () => {
    const { backend, client } = await startFleet({
      prepare: (one) => one.on("notifications/initialized", script),
    });
    const beganMs = performance.now();
    expect(textOf(await client.post(callOf("write")))).toBe("write for raw");
    expect(performance.now() - beganMs).toBeLessThan(SOON_MS);
    expect(backend.count("notifications/initialized")).toBe(1);
  });

  it("notifications and logging/setLevel holds up neither the client's POST nor its next call", async () => {
    const { backend, client } = await startFleet();
    await client.post(callOf("write"));
    const METHODS = [
      "notifications/roots/list_changed",
      "notifications/cancelled",
      "logging/setLevel",
    ];
    for (const method of METHODS) backend.on(method, script);
    const beganMs = performance.now();
    const statuses = [
      await client.post(messageTo("notifications/roots/list_changed")),
      await client.post(messageTo("notifications/cancelled", { requestId: 99 })),
      await client.post(messageTo("logging/setLevel", { level: "info" }, 2)),
    ].map(({ status }) => status);
    expect(statuses).toEqual([202, 202, 200]);
    expect(textOf(await client.post(callOf("write", 3)))).toBe("write for raw");
    expect(performance.now() - beganMs).toBeLessThan(SOON_MS);
    expect(METHODS.map((method) => backend.count(method))).toEqual([1, 1, 1]);
  });

  it("DELETE does not hold up the client's", async () => {
    const { backend, client } = await startFleet();
    await client.post(callOf("write"));
    backend.on("DELETE", script);
    const beganMs = performance.now();
    expect((await client.send({ method: "DELETE" })).status).toBe(204);
    expect(performance.now() - beganMs).toBeLessThan(SOON_MS);
    await expect.poll(() => backend.count("DELETE")).toBe(1);
  });

  it("logging/setLevel in a session that replaces a lost one is called all the same", async () => {
    const { backend, client } = await startFleet();
    await client.post(callOf("write"));
    await client.post(messageTo("logging/setLevel", { level: "info" }, 2));
    backend.on("logging/setLevel", script);
    backend.forget();
    const beganMs = performance.now();
    expect(textOf(await client.post(callOf("write", 3)))).toBe("write for raw");
    expect(performance.now() - beganMs).toBeLessThan(SOON_MS);
    expect(backend.count("logging/setLevel")).toBe(2);
  });
});

it("a backend that breaks logging/setLevel off in a session that replaces a lost one is called all the same", async () => {
  const { backend, client } = await startFleet();
  await client.post(callOf("write"));
  await client.post(messageTo("logging/setLevel", { level: "info" }, 2));
  backend.on("logging/setLevel", (exchange) => exchange.breakOff());
  backend.forget();
  expect(textOf(await client.post(callOf("write", 3)))).toBe("write for raw");
});

it("a backend that is away takes no answer, and the client's POST of one is 202 all the same", async () => {
  const { backend, gateway } = await startFleet();
  const client = await RawClient.open(gateway.url, "2025-11-25", { roots: {} });
  backend.on("tools/call", async (exchange) => {
    exchange.begin();
    await exchange.event({ jsonrpc: "2.0", id: 7, method: "roots/list" });
  });
  const stream = await client.stream(callOf("write"));
  const { id } = JSON.parse((await stream.next()) ?? "");
  await backend.stop();
  const answer = JSON.stringify({ jsonrpc: "2.0", id, result: { roots: [] } });
  expect((await client.post(answer)).status).toBe(202);
});
