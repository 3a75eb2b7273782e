import { afterAll, beforeAll, expect, it } from "vitest";
import { RawClient } from "../../testkit/clients/raw-client.ts";
import type { Headers } from "../../testkit/clients/request-headers.ts";
import { type RunningRole, startGateway } from "../../testkit/processes/gateway.ts";
import { EchoBackend } from "../../testkit/servers/echo-backend.ts";
import { eventually } from "../../testkit/vitest/eventually.ts";

const PAGE = "https://app.example.com";

let echo: EchoBackend;
let gateway: RunningRole;
let client: RawClient;
let admin: RawClient;

beforeAll(async () => {
  echo = await EchoBackend.start();
  gateway = await startGateway({
    backends: [{ name: "echo", url: echo.url }],
    allowedHosts: ["gateway.example.com"],
    allowedOrigins: [PAGE],
  });
  client = new RawClient(gateway.url);
  admin = new RawClient(gateway.adminUrl);
});
afterAll(async () => {
  await gateway.close();
  await echo.stop();
});

const HOST: Headers = { host: "gateway.example.com" };
const PING = '{"jsonrpc":"2.0","id":1,"method":"ping"}';

it("/livez and /readyz answer on the MCP port whatever the Host, and /mcp only to the allowed one", async () => {
  const probe = (path: string, host: string) =>
    client.send({ method: "GET", path, headers: { host } });
  await eventually(async () => expect((await probe("/readyz", "10.0.0.7:4483")).status).toBe(200));
  expect((await probe("/livez", "10.0.0.7:4483")).status).toBe(200);
  expect((await client.post(PING, { host: "10.0.0.7:4483" })).status).toBe(403);
  expect((await client.post(PING, { host: "localhost" })).status).toBe(403);
  expect((await client.post(PING, { host: "gateway.example.com:443" })).status).toBe(400);
});

it.each(["/livez", "/readyz", "/metrics", "/status", "/"])(
  "the admin port answers %s",
  async (path) => {
    const answer = await admin.send({ method: "GET", path, headers: { host: "10.0.0.7:9090" } });
    expect(answer.status).toBe(200);
  },
);

it.each(["/metrics", "/status", "/"])("the MCP port answers %s with 404", async (path) => {
  expect((await client.send({ method: "GET", path, headers: HOST })).status).toBe(404);
});

it("the admin port has no /mcp", async () => {
  expect((await admin.send({ path: "/mcp", body: PING })).status).toBe(404);
});

it("/metrics is Prometheus text with the session and call metrics", async () => {
  const { text, headers } = await admin.send({ method: "GET", path: "/metrics" });
  expect(headers["content-type"]).toMatch(/^text\/plain; version=0\.0\.4/);
  expect(text).toMatch(/^mcp_fleet_sessions_stored \d+$/m);
  expect(text).toMatch(/^mcp_fleet_calls_total\{[^}]*outcome="HOST_FORBIDDEN"[^}]*\} [1-9]/m);
});

it("/status names the backend, its state and its 2 tools", async () => {
  const { text } = await admin.send({ method: "GET", path: "/status" });
  expect(JSON.parse(text)).toMatchObject({
    name: "mcp-fleet",
    role: "gateway",
    ready: true,
    sessions: { max: 10_000, streams: 0 },
    backends: [{ name: "echo", state: "up", tools: 2 }],
    conflicts: [],
  });
});

it("the page of the admin port is HTML that loads nothing from elsewhere", async () => {
  const { text, headers } = await admin.send({ method: "GET", path: "/" });
  expect(headers["content-type"]).toMatch(/^text\/html/);
  expect(text).not.toMatch(/https?:\/\//);
});

it("a preflight from the allowed page allows the 3 methods and the headers that clients send", async () => {
  const answer = await preflight(PAGE);
  expect(answer.status).toBe(204);
  expect(answer.headers["access-control-allow-origin"]).toBe(PAGE);
  expect(listOf(answer.headers["access-control-allow-methods"])).toEqual(["delete", "get", "post"]);
  expect(listOf(answer.headers["access-control-allow-headers"])).toEqual(
    expect.arrayContaining([
      "content-type",
      "mcp-protocol-version",
      "mcp-session-id",
      "last-event-id",
    ]),
  );
  expect(answer.headers.vary).toMatch(/origin/i);
});

it("a preflight from another page is 403 and allows nothing", async () => {
  const answer = await preflight("https://evil.example");
  expect(answer.status).toBe(403);
  expect(answer.headers).not.toHaveProperty("access-control-allow-origin");
});

it("the allowed page can read the session id of initialize, and errors too", async () => {
  const page = { ...HOST, origin: PAGE };
  const initialize = `{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25"}}`;
  const opened = await client.post(initialize, page);
  expect(opened.status).toBe(200);
  const refused = await client.post(PING, { ...page, "mcp-session-id": "x" });
  expect(refused.status).toBe(404);
  for (const { headers } of [opened, refused]) {
    expect(headers["access-control-allow-origin"]).toBe(PAGE);
    expect(listOf(headers["access-control-expose-headers"])).toContain("mcp-session-id");
  }
});

it("the events of a stream reach the allowed page", async () => {
  const page = { ...HOST, origin: PAGE };
  const initialize = `{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25"}}`;
  const opened = await client.post(initialize, page);
  const answer = await client.post(PING, {
    ...page,
    accept: "text/event-stream, application/json",
    "mcp-session-id": String(opened.headers["mcp-session-id"]),
  });
  expect(answer.headers["content-type"]).toBe("text/event-stream");
  expect(answer.headers["access-control-allow-origin"]).toBe(PAGE);
});

it("a request without an Origin, from no page, gets no CORS origin", async () => {
  const answer = await client.post(PING, HOST);
  expect(answer.headers).not.toHaveProperty("access-control-allow-origin");
});

function preflight(origin: string) {
  return client.send({
    method: "OPTIONS",
    headers: {
      ...HOST,
      accept: undefined,
      origin,
      "access-control-request-method": "POST",
      "access-control-request-headers": "content-type,mcp-session-id",
    },
  });
}

function listOf(header: string | string[] | undefined): string[] {
  const names = String(header).toLowerCase().split(",");
  return names.map((name) => name.trim()).sort();
}
