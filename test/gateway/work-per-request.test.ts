import { expect, it, onTestFinished } from "vitest";
import { viewCapabilities, viewKey } from "../../runtime/sessions/view-key.ts";
import { RawClient } from "../../testkit/clients/raw-client.ts";
import { startGateway } from "../../testkit/processes/gateway.ts";
import { ScriptedBackend } from "../../testkit/servers/scripted-backend.ts";
import type { Exchange } from "../../testkit/servers/scripted-exchange.ts";

async function start() {
  const backend = await ScriptedBackend.start();
  const gateway = await startGateway({ backends: [{ name: "one", url: backend.url }] });
  onTestFinished(async () => {
    await gateway.close();
    await backend.stop();
  });
  return { backend, gateway };
}

it("an initialize with invented capabilities makes 0 requests at a backend, 20 of them none either", async () => {
  const { backend, gateway } = await start();
  const list = '{"jsonrpc":"2.0","id":1,"method":"tools/list"}';
  await (await RawClient.open(gateway.url)).post(list);
  // Once at the start, and once more when the stream is open.
  await expect.poll(() => backend.discovered("tools/list")).toBe(2);
  const before = backend.received.length;
  for (let index = 0; index < 20; index += 1) {
    const client = new RawClient(gateway.url);
    const capabilities = { experimental: { [`x${index}`]: {} }, [`y${index}`]: {} };
    await client.initialize({ protocolVersion: "2025-11-25", capabilities });
    expect(JSON.parse((await client.post(list)).text).result.tools).toHaveLength(3);
  }
  const asked = backend.received.slice(before).map(({ kind }) => kind);
  expect(asked.filter((kind) => kind !== "ping")).toEqual([]);
});

it("3,000 changes of the lists in 1 call are 2 readings: 1 runs, 1 waits", async () => {
  const { backend, gateway } = await start();
  const client = await RawClient.open(gateway.url);
  await client.post('{"jsonrpc":"2.0","id":1,"method":"tools/list"}');
  await expect.poll(() => backend.discovered("tools/list")).toBe(2);
  const held: Exchange[] = [];
  backend.on("tools/list", (exchange) => void held.push(exchange));
  backend.once("tools/call", async (exchange) => {
    exchange.begin();
    const change = { jsonrpc: "2.0", method: "notifications/tools/list_changed" };
    for (let index = 0; index < 3_000; index += 1) await exchange.event(change);
    await exchange.eventWithResult({ content: [] });
    exchange.end();
  });
  const params = { name: "one_write", arguments: {} };
  await client.post(JSON.stringify({ jsonrpc: "2.0", id: 2, method: "tools/call", params }));
  await expect.poll(() => held.length).toBe(1);
  backend.on("tools/list", (exchange) => exchange.result({ tools: [] }));
  held[0]?.result({ tools: backend.tools });
  const list = '{"jsonrpc":"2.0","id":3,"method":"tools/list"}';
  await expect.poll(async () => (await client.post(list)).text).toContain('"tools":[]');
  expect(backend.discovered("tools/list")).toBe(4);
});

it.each([
  ["{}", "{}"],
  ['{"experimental":{"x":{}},"extensions":{"y":{}},"roots":null}', "{}"],
  ['{"roots":{"listChanged":true,"x":1}}', '{"roots":{"listChanged":true}}'],
  [
    '{"sampling":{"tools":{"deep":[[]]}},"roots":{"listChanged":false}}',
    '{"roots":{},"sampling":{"tools":{}}}',
  ],
  ['{"elicitation":{"url":{},"form":{}}}', '{"elicitation":{"form":{},"url":{}}}'],
])("capabilities %s matter to lists as %s", (declared, matters) => {
  expect(viewCapabilities(declared)).toBe(matters);
  expect(viewKey(declared)).toBe(viewKey(matters));
});
