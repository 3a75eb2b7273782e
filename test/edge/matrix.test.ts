import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { RawClient, type RawRequest } from "../../testkit/clients/raw-client.ts";
import type { Headers } from "../../testkit/clients/request-headers.ts";
import { type RunningRole, startGateway } from "../../testkit/processes/gateway.ts";
import { EchoBackend } from "../../testkit/servers/echo-backend.ts";

const BODY_BYTES = 65_536;

let echo: EchoBackend;
let gateway: RunningRole;
let client: RawClient;

beforeAll(async () => {
  echo = await EchoBackend.start();
  gateway = await startGateway({
    backends: [{ name: "echo", url: echo.url }],
    limits: { bodyBytes: BODY_BYTES, bodyMembers: 20_000 },
  });
  client = await RawClient.open(gateway.url);
});
afterAll(async () => {
  await gateway.close();
  await echo.stop();
});

/** What is refused, as a client sees it: HTTP status, JSON-RPC code, and the id as it stands in the answer. */
type Refusal = readonly [status: number, code: number, idText?: string];
type Row = readonly [what: string, request: RawRequest, refusal: Refusal];

const ping = '{"jsonrpc":"2.0","id":7,"method":"ping"}';
const call = (params: string) =>
  `{"jsonrpc":"2.0","id":"x","method":"tools/call","params":${params}}`;
const post = (body: string | Buffer, headers: Headers = {}): RawRequest => ({ body, headers });
const without = (header: string): Headers => ({ [header]: undefined });
const inSession = (id: string): Headers => ({ "mcp-session-id": id });
const from = (origin: string): Headers => ({ origin });
const at = (host: string): Headers => ({ host });

const SESSION: Row[] = [
  ["a request without a session", post(ping, without("mcp-session-id")), [400, -32000, "7"]],
  ["a request with an empty Mcp-Session-Id", post(ping, inSession("")), [400, -32000, "7"]],
  ["a notification without a session", post(note(), without("mcp-session-id")), [400, -32000]],
  ["an id of no shape of ours", post(ping, inSession("x")), [404, -32001, "7"]],
  [
    "an id of our shape that nobody signed",
    post(ping, inSession("A".repeat(67))),
    [404, -32001, "7"],
  ],
  ["an id of 8,000 characters", post(ping, inSession("A".repeat(8_000))), [404, -32001, "7"]],
  ["GET without a session", { method: "GET", headers: without("mcp-session-id") }, [400, -32000]],
  ["GET of an unknown session", { method: "GET", headers: inSession("x") }, [404, -32001]],
  [
    "DELETE without a session",
    { method: "DELETE", headers: without("mcp-session-id") },
    [400, -32000],
  ],
  ["DELETE of an unknown session", { method: "DELETE", headers: inSession("x") }, [404, -32001]],
];

const GUARDS: Row[] = [
  ["the Origin of a foreign page", post(ping, from("https://evil.example")), [403, -32000]],
  ["the Origin null", post(ping, from("null")), [403, -32000]],
  [
    "an Origin that only starts like ours",
    post(ping, from("http://localhost.evil.example")),
    [403, -32000],
  ],
  ["a foreign Host", post(ping, at("evil.example")), [403, -32000]],
  ["a foreign Host with a port", post(ping, at("evil.example:4483")), [403, -32000]],
  ["a Host that only starts like ours", post(ping, at("localhost.evil.example")), [403, -32000]],
  [
    "GET with a foreign Origin",
    { method: "GET", headers: from("https://evil.example") },
    [403, -32000],
  ],
  ["DELETE with a foreign Host", { method: "DELETE", headers: at("evil.example") }, [403, -32000]],
];

const HTTP: Row[] = [
  ["a body above limits.bodyBytes", post(ping.padEnd(BODY_BYTES + 1)), [200, -32000, "7"]],
  [
    "a body above limits.bodyBytes whose id comes last",
    post(`{"method":"ping","params":{"text":"${"x".repeat(BODY_BYTES)}"},"jsonrpc":"2.0","id":7}`),
    [200, -32000, "7"],
  ],
  [
    "a body above 8 times limits.bodyBytes whose id comes after that",
    post(`{"method":"${"x".repeat(9 * BODY_BYTES)}","jsonrpc":"2.0","id":7}`),
    [413, -32000],
  ],
  ["a notification above limits.bodyBytes", post(note().padEnd(BODY_BYTES + 1)), [413, -32000]],
  [
    "a response above limits.bodyBytes",
    post('{"jsonrpc":"2.0","id":7,"result":{}}'.padEnd(BODY_BYTES + 1)),
    [413, -32000],
  ],
  ["a batch above limits.bodyBytes", post(`[${ping.padEnd(BODY_BYTES)}]`), [413, -32000]],
  [
    "a body above limits.bodyBytes of a session that nobody opened",
    post(ping.padEnd(BODY_BYTES + 1), inSession("x")),
    [404, -32001],
  ],
  ["text/plain", post(ping, { "content-type": "text/plain" }), [415, -32000]],
  [
    "a body without a Content-Type",
    post(Buffer.from(ping), without("content-type")),
    [415, -32000],
  ],
  ["Accept: text/html", post(ping, { accept: "text/html" }), [406, -32000]],
  [
    "GET with Accept: application/json",
    { method: "GET", headers: { accept: "application/json" } },
    [406, -32000],
  ],
  [
    "MCP-Protocol-Version 2099-01-01",
    post(ping, { "mcp-protocol-version": "2099-01-01" }),
    [400, -32000, "7"],
  ],
  ["PUT", { method: "PUT" }, [405, -32000]],
  ["PUT of /mcp/", { method: "PUT", path: "/mcp/" }, [405, -32000]],
  ["another path", { path: "/elsewhere", body: ping }, [404, -32000]],
  ["a path below the endpoint", { path: "/mcp/x", body: ping }, [404, -32000]],
];

const MESSAGES: Row[] = [
  ["129 levels of arrays and objects", post(nested(129)), [400, -32600]],
  ["a call with 129 levels", post(call(nested(128))), [200, -32600, '"x"']],
  ["a call with 20,001 elements", post(call(`[${"1,".repeat(20_001)}1]`)), [200, -32600, '"x"']],
  ["20,001 elements", post(`[${"1,".repeat(20_001)}1]`), [400, -32600]],
  [
    "60,000 bytes of arrays without a session",
    post(nested(30_000), without("mcp-session-id")),
    [400, -32000],
  ],
  ["an empty body", post(""), [400, -32700]],
  ["text that is no JSON", post("{"), [400, -32700]],
  ["JSON with something behind it", post(`${ping}x`), [200, -32700, "7"]],
  ["a call whose params are no JSON", post(call("{name}")), [200, -32700, '"x"']],
  [
    "a call with bytes that are no UTF-8",
    post(Buffer.concat([Buffer.from(call('"').slice(0, -1)), Buffer.from([0xff, 0x22, 0x7d])])),
    [200, -32700, '"x"'],
  ],
  [
    "JSON with something behind it, without a session",
    post(`${ping}x`, without("mcp-session-id")),
    [400, -32700, "7"],
  ],
  ["bytes that are no UTF-8", post(Buffer.from([0x22, 0xff, 0x22])), [400, -32700]],
  ["a string", post('"ping"'), [400, -32600]],
  ["an object without jsonrpc", post('{"id":7,"method":"ping"}'), [200, -32600, "7"]],
  ["jsonrpc 1.0", post('{"jsonrpc":"1.0","id":7,"method":"ping"}'), [200, -32600, "7"]],
  ["a message of jsonrpc alone", post('{"jsonrpc":"2.0"}'), [400, -32600]],
  ["a method that is a number", post('{"jsonrpc":"2.0","id":7,"method":1}'), [200, -32600, "7"]],
  ["the id null", post('{"jsonrpc":"2.0","id":null,"method":"ping"}'), [400, -32600]],
  ["an id that is an object", post('{"jsonrpc":"2.0","id":{},"method":"ping"}'), [400, -32600]],
  [
    "params that are an array",
    post('{"jsonrpc":"2.0","id":7,"method":"ping","params":[]}'),
    [200, -32600, "7"],
  ],
  ["a duplicate key", post('{"jsonrpc":"2.0","id":7,"id":8,"method":"ping"}'), [200, -32600, "8"]],
  ["a response without an id", post('{"jsonrpc":"2.0","result":{}}'), [400, -32600]],
  ["a response that nobody waits for", post('{"jsonrpc":"2.0","id":1,"result":{}}'), [400, -32600]],
  ["initialize as a notification", post('{"jsonrpc":"2.0","method":"initialize"}'), [400, -32600]],
  [
    "initialize without a protocolVersion",
    post('{"jsonrpc":"2.0","id":7,"method":"initialize"}'),
    [200, -32602, "7"],
  ],
  [
    "a method that MCP does not have",
    post('{"jsonrpc":"2.0","id":7,"method":"x"}'),
    [200, -32601, "7"],
  ],
  [
    "a method named like one of Object's",
    post('{"jsonrpc":"2.0","id":7,"method":"toString"}'),
    [200, -32601, "7"],
  ],
  ["a tool that nobody has", post(call('{"name":"x"}')), [200, -32602, '"x"']],
  ["a tool under its backend's own name", post(call('{"name":"echo"}')), [200, -32602, '"x"']],
  ["a call without a name", post(call("{}")), [200, -32602, '"x"']],
  [
    "a call with a duplicate name",
    post(call('{"name":"x","name":"echo_echo"}')),
    [200, -32600, '"x"'],
  ],
  [
    "a cursor that is none",
    post('{"jsonrpc":"2.0","id":7,"method":"tools/list","params":{"cursor":"x"}}'),
    [200, -32602, "7"],
  ],
  [
    "a log level that is none",
    post('{"jsonrpc":"2.0","id":7,"method":"logging/setLevel","params":{"level":"x"}}'),
    [200, -32602, "7"],
  ],
];

describe.each([
  ["sessions", SESSION],
  ["guards", GUARDS],
  ["HTTP", HTTP],
  ["messages", MESSAGES],
])("%s", (_part, rows) => {
  it.each(rows)("%s", async (_what, request, [status, code, idText]) => {
    const answer = await client.send(request);
    const { error } = JSON.parse(answer.text);
    expect({ status: answer.status, code: error.code, idText: idOf(answer.text) }).toEqual({
      status,
      code,
      idText,
    });
    expect(answer.headers["content-type"]).toMatch(/^application\/json/);
    expect(error.message).not.toContain("127.0.0.1");
  });
});

it("405 names the 3 methods that are served in Allow", async () => {
  const { headers } = await client.send({ method: "PUT" });
  expect(headers.allow).toBe("POST, GET, DELETE");
});

it("an unsupported MCP-Protocol-Version is answered with the 3 that are served", async () => {
  const { text } = await client.post(ping, { "mcp-protocol-version": "2099-01-01" });
  expect(JSON.parse(text).error.data.supported).toEqual(["2025-11-25", "2025-06-18", "2025-03-26"]);
});

it.each([
  ["Origin http://localhost:3000", from("http://localhost:3000")],
  ["Host LOCALHOST:4483", at("LOCALHOST:4483")],
  ["Host [::1]:4483", at("[::1]:4483")],
  [
    "Content-Type application/json; charset=utf-8",
    { "content-type": "application/json; charset=utf-8" },
  ],
  ["no Accept at all", without("accept")],
  ["Accept application/json alone", { accept: "application/json" }],
  ["Accept */*", { accept: "*/*" }],
  ["Accept application/*;q=0.9, text/*", { accept: "application/*;q=0.9, text/*" }],
  [
    "MCP-Protocol-Version 2025-06-18 in a session of 2025-11-25",
    { "mcp-protocol-version": "2025-06-18" },
  ],
])("a ping with %s is answered with an empty result", async (_what, headers) => {
  const answer = await client.post(ping, headers);
  expect([answer.status, answer.text]).toEqual([200, '{"jsonrpc":"2.0","id":7,"result":{}}']);
});

it("a client of text/event-stream alone gets the session, a result and an error as events", async () => {
  const only = { accept: "text/event-stream" };
  const initialize =
    '{"jsonrpc":"2.0","id":7,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"raw","version":"1"}}}';
  const requests = [initialize, ping, '{"jsonrpc":"2.0","id":7,"method":"x"}'];
  for (const request of requests) {
    const { status, headers, text } = await client.post(request, only);
    expect([status, headers["content-type"]]).toEqual([200, "text/event-stream"]);
    expect(text).toMatch(/^event: message\ndata: \{"jsonrpc":"2.0","id":7,[^\n]+\n\n$/);
  }
});

it.each([
  ["ping with params null", '{"jsonrpc":"2.0","id":7,"method":"ping","params":null}'],
  ["list with params null", '{"jsonrpc":"2.0","id":7,"method":"tools/list","params":null}'],
  [
    "list with cursor null",
    '{"jsonrpc":"2.0","id":7,"method":"tools/list","params":{"cursor":null}}',
  ],
])("a %s is served as one without", async (_what, text) => {
  const answer = await client.post(text);
  expect(JSON.parse(answer.text)).toMatchObject({ id: 7, result: {} });
});

it("a signed id with one changed character is 404, and the id itself still 200", async () => {
  const { sessionId: id = "" } = client;
  const forged = `${id.slice(0, 30)}${id[30] === "A" ? "B" : "A"}${id.slice(31)}`;
  expect((await client.post(ping, inSession(forged))).status).toBe(404);
  expect((await client.post(ping)).status).toBe(200);
});

it("a request at /mcp/ is answered as one at /mcp", async () => {
  const answer = await client.send({ path: "/mcp/", body: ping });
  expect([answer.status, answer.text]).toEqual([200, '{"jsonrpc":"2.0","id":7,"result":{}}']);
});

it("128 levels are served, and brackets in strings are none", async () => {
  const text = `{"jsonrpc":"2.0","id":7,"method":"ping","params":{"a":${nested(126)},"b":"\\"${"[".repeat(500)}"}}`;
  expect((await client.post(text)).status).toBe(200);
});

it("HEAD is 405, and opens no stream", async () => {
  const headers = { accept: "text/event-stream", "mcp-session-id": String(client.sessionId) };
  const { status } = await fetch(gateway.url, { method: "HEAD", headers });
  expect(status).toBe(405);
  const report = await new RawClient(gateway.adminUrl).send({ method: "GET", path: "/status" });
  expect(JSON.parse(report.text).sessions.streams).toBe(0);
});

it("a body of 30,000 bytes for an unknown session is 404, and an initialize with that id 200", async () => {
  const padded = ping.padEnd(30_000);
  expect((await client.post(padded, inSession("x"))).status).toBe(404);
  const other = new RawClient(gateway.url);
  other.sessionId = "x";
  expect((await other.initialize({ protocolVersion: "2025-11-25" })).status).toBe(200);
});

it.each(["/health", "/livez"])("%s is answered with 200 at both ports", async (path) => {
  for (const url of [gateway.url, gateway.adminUrl]) {
    const { status, text } = await new RawClient(url).send({ method: "GET", path });
    expect([status, text]).toEqual([200, '{"status":"ok"}']);
  }
});

it("a notification gets 202 and 0 bytes", async () => {
  const answer = await client.post(note());
  expect([answer.status, answer.text]).toEqual([202, ""]);
});

it("DELETE gets 204 once, and the second DELETE and every later request 404", async () => {
  const other = await RawClient.open(gateway.url);
  const remove: RawRequest = { method: "DELETE" };
  expect((await other.send(remove)).status).toBe(204);
  expect((await other.send(remove)).status).toBe(404);
  expect((await other.post(ping)).status).toBe(404);
  expect((await other.send({ method: "GET" })).status).toBe(404);
});

function nested(levels: number): string {
  return "[".repeat(levels) + "]".repeat(levels);
}

function note(): string {
  return '{"jsonrpc":"2.0","method":"notifications/initialized"}';
}

/** The id as it stands in an error response; undefined where it has none. */
function idOf(text: string): string | undefined {
  return /^\{"jsonrpc":"2\.0","id":(.+?),"error":/.exec(text)?.[1];
}
