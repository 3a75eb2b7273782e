import { afterAll, beforeAll, expect, it } from "vitest";
import { RawClient } from "../../testkit/clients/raw-client.ts";
import { type RunningRole, startGateway } from "../../testkit/processes/gateway.ts";
import { EchoBackend } from "../../testkit/servers/echo-backend.ts";

let echo: EchoBackend;
let gateway: RunningRole;
let client: RawClient;

beforeAll(async () => {
  echo = await EchoBackend.start();
  gateway = await startGateway({
    backends: [{ name: "echo", url: echo.url }],
    limits: { bodyDepth: 2_000 },
  });
});
afterAll(async () => {
  await gateway.close();
  await echo.stop();
});

it.each([
  ["2025-03-26", "2025-03-26"],
  ["2025-06-18", "2025-06-18"],
  ["2025-11-25", "2025-11-25"],
  ["2024-11-05", "2025-11-25"],
  ["2099-01-01", "2025-11-25"],
  ["", "2025-11-25"],
])("a client that asks for %o gets %o", async (protocolVersion, negotiated) => {
  client = new RawClient(gateway.url);
  const answer = await client.initialize({ protocolVersion });
  const { result, id } = JSON.parse(answer.text);
  expect([answer.status, id, result.protocolVersion]).toEqual([200, 0, negotiated]);
  expect(result.serverInfo.name).toBe("mcp-fleet");
  expect(result.capabilities).toMatchObject({
    tools: { listChanged: true },
    prompts: { listChanged: true },
    resources: { subscribe: true, listChanged: true },
    completions: {},
    logging: {},
  });
});

it("initialize needs no session, takes no notice of one, and opens another", async () => {
  client = await RawClient.open(gateway.url);
  const first = client.sessionId;
  const answer = await client.initialize({ protocolVersion: "2025-11-25" });
  expect(answer.status).toBe(200);
  expect(client.sessionId).not.toBe(first);
  const ping = '{"jsonrpc":"2.0","id":1,"method":"ping"}';
  expect((await client.post(ping, { "mcp-session-id": first })).status).toBe(200);
});

it("50 session ids are at most 200 visible ASCII characters each, and no 2 are equal or share their random part", async () => {
  const ids: string[] = [];
  for (let count = 0; count < 50; count += 1) {
    ids.push((await RawClient.open(gateway.url)).sessionId ?? "");
  }
  for (const id of ids) expect(id).toMatch(/^[\x21-\x7e]{32,200}$/);
  const randomParts = ids.map((id) => Buffer.from(id, "base64url").toString("hex", 5, 21));
  expect(new Set(randomParts).size).toBe(50);
});

it.each([
  ["clientInfo of 4,096 bytes", { clientInfo: { name: "x".repeat(4_096), version: "1" } }],
  ["capabilities of 4,096 bytes", { capabilities: { experimental: { x: "x".repeat(4_096) } } }],
  [
    "2,100 and 2,100 bytes of both",
    {
      clientInfo: { name: "x".repeat(2_100), version: "1" },
      capabilities: { experimental: { x: "x".repeat(2_100) } },
    },
  ],
])("%s are too large: 413 with the id, and no session", async (_what, params) => {
  const before = await storedSessions();
  const answer = await new RawClient(gateway.url).initialize({
    protocolVersion: "2025-11-25",
    ...params,
  });
  const { id, error } = JSON.parse(answer.text);
  expect([answer.status, id, error.code]).toEqual([413, 0, -32000]);
  expect(error.message).toContain("limits.clientBytes");
  expect(answer.headers).not.toHaveProperty("mcp-session-id");
  expect(await storedSessions()).toBe(before);
});

it.each([
  ["clientInfo", "x"],
  ["clientInfo", []],
  ["capabilities", null],
])("%s that is %j is -32602", async (key, value) => {
  const params = { protocolVersion: "2025-11-25", [key]: value };
  const answer = await new RawClient(gateway.url).initialize(params);
  expect([answer.status, JSON.parse(answer.text).error.code]).toEqual([200, -32602]);
  expect(answer.headers).not.toHaveProperty("mcp-session-id");
});

it("capabilities nested 1,500 deep, where limits.bodyDepth allows that, open a session that works", async () => {
  const depth = 1_500;
  const capabilities = `{"experimental":${"[".repeat(depth)}${"]".repeat(depth)}}`;
  client = new RawClient(gateway.url);
  const answer = await client.post(
    `{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":${capabilities},"clientInfo":{"name":"deep","version":"1"}}}`,
  );
  const sessionId = String(answer.headers["mcp-session-id"]);
  expect(answer.status).toBe(200);
  const list = await client.post('{"jsonrpc":"2.0","id":1,"method":"tools/list"}', {
    "mcp-session-id": sessionId,
  });
  expect(JSON.parse(list.text).result.tools).toHaveLength(2);
});

async function storedSessions(): Promise<number> {
  const status = await new RawClient(gateway.adminUrl).send({ method: "GET", path: "/status" });
  return JSON.parse(status.text).sessions.stored;
}
