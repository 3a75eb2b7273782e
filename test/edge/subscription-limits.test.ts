import { beforeAll, describe, expect, it } from "vitest";
import { RawClient } from "../../testkit/clients/raw-client.ts";
import { type RunningRole, startProxy } from "../../testkit/processes/gateway.ts";
import { ScriptedBackend } from "../../testkit/servers/scripted-backend.ts";

describe("a proxy that takes 100 bytes of URIs per session", () => {
  let backend: ScriptedBackend;
  let proxy: RunningRole;

  beforeAll(async () => {
    backend = await ScriptedBackend.start();
    backend.on("resources/subscribe", (exchange) => exchange.result({}));
    backend.on("resources/unsubscribe", (exchange) => exchange.result({}));
    proxy = await startProxy({
      backends: [{ name: "one", url: backend.url }],
      limits: { subscriptionBytes: 100 },
    });
    return async () => {
      await proxy.close();
      await backend.stop();
    };
  });

  const ask = async (client: RawClient, method: string, uri: string) => {
    const body = { jsonrpc: "2.0", id: 1, method: `resources/${method}`, params: { uri } };
    const { status, text } = await client.post(JSON.stringify(body));
    return { status, ...JSON.parse(text) };
  };

  it("refuses a URI of 7.5 MB by the setting's name, and asks the backend 0 times", async () => {
    const client = await RawClient.open(proxy.url);
    const before = backend.count("resources/subscribe");
    const { status, error } = await ask(client, "subscribe", "x".repeat(7_500_000));
    expect([status, error.code]).toEqual([200, -32602]);
    expect(error.message).toContain("100 bytes (limits.subscriptionBytes)");
    expect(backend.count("resources/subscribe")).toBe(before);
  });

  it("takes 2 URIs of 50 bytes, the 2nd of them twice, a 3rd after 1 of them is gone", async () => {
    const client = await RawClient.open(proxy.url);
    const uri = (name: string) => name.padEnd(50, "x");
    expect(await ask(client, "subscribe", uri("a"))).toMatchObject({ result: {} });
    expect(await ask(client, "subscribe", uri("b"))).toMatchObject({ result: {} });
    expect(await ask(client, "subscribe", uri("b"))).toMatchObject({ result: {} });
    expect(await ask(client, "subscribe", uri("c"))).toHaveProperty("error");
    await ask(client, "unsubscribe", uri("a"));
    expect(await ask(client, "subscribe", uri("c"))).toMatchObject({ result: {} });
  });

  it("takes 2 of 10 that come at once, of 50 bytes each", async () => {
    const client = await RawClient.open(proxy.url);
    const names = Array.from({ length: 10 }, (_, index) => `${index}`.padEnd(50, "x"));
    const answers = await Promise.all(names.map((uri) => ask(client, "subscribe", uri)));
    expect(answers.filter((answer) => "result" in answer)).toHaveLength(2);
  });
});
