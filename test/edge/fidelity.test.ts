import { afterAll, beforeAll, expect, it } from "vitest";
import { RawClient } from "../../testkit/clients/raw-client.ts";
import { type RunningRole, startGateway } from "../../testkit/processes/gateway.ts";
import { startConformanceServer } from "../../testkit/servers/conformance/server.ts";
import { EchoBackend } from "../../testkit/servers/echo-backend.ts";
import { eventually } from "../../testkit/vitest/eventually.ts";

let echo: EchoBackend;
let sdk: { url: string; close(): Promise<void> };
let gateway: RunningRole;
let client: RawClient;

beforeAll(async () => {
  echo = await EchoBackend.start();
  sdk = await startConformanceServer();
  gateway = await startGateway({
    backends: [
      { name: "echo", url: echo.url },
      { name: "sdk", url: sdk.url },
    ],
  });
  client = await RawClient.open(gateway.url);
});
afterAll(async () => {
  await gateway.close();
  await sdk.close();
  await echo.stop();
});

const call = (id: string, name: string) =>
  `{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":{"name":"${name}"}}`;

/** Ids as JSON text: those above 2^53, fractions and escapes are where parsing changes them. */
const IDS = [
  "7",
  "0",
  "-1",
  "1.5",
  "1.0",
  "1e2",
  "9007199254740993",
  '"x"',
  '""',
  '"1"',
  '"a.b.c"',
  '"h\\u00e9 \\"quoted\\" \\\\"',
  '"日本語 🙂"',
];

it.each(IDS)("the id %s comes back as it was sent, from a ping", async (id) => {
  const { text } = await client.post(`{"jsonrpc":"2.0","id":${id},"method":"ping"}`);
  expect(text).toBe(`{"jsonrpc":"2.0","id":${id},"result":{}}`);
});

it.each(IDS)(
  "the id %s comes back as it was sent, from a call that a backend answers in JSON",
  async (id) => {
    const { text } = await client.post(call(id, "echo_echo"));
    expect(text.startsWith(`{"jsonrpc":"2.0","id":${id},"result":{"content"`)).toBe(true);
  },
);

// The SDK writes ids anew, and takes none that is not a string or a whole number below 2^53.
it.each(IDS.filter((id) => id.startsWith('"') || Number.isSafeInteger(Number(id))))(
  "the id %s comes back as it was sent, from a call that an SDK server answers with events",
  async (id) => {
    const stream = await client.stream(call(id, "sdk_test_simple_text"));
    const answer = (await stream.next()) ?? "";
    expect(JSON.parse(answer)).toHaveProperty("result.content");
    expect(answer).toContain(`"id":${id}`);
    expect(await stream.next()).toBeUndefined();
  },
);

it.each(["1.5", "9007199254740993"])(
  "the id %s comes back as it was sent, where an SDK server refuses it",
  async (id) => {
    const { text } = await client.post(call(id, "sdk_test_simple_text"));
    expect(text.startsWith(`{"jsonrpc":"2.0","id":${id},"error":`)).toBe(true);
  },
);

it("the backend gets the client's own bytes, but for the tool's name", async () => {
  const sent =
    '{ "params" : {"_meta":{"x/y":[1.0,1e400]},"unknown":"\\u00e9é","name":"echo_echo"},\n "id" : 1.50,"method":"tools/call","jsonrpc":"2.0","extra":{"deep":[]} }';
  await client.post(sent);
  expect(echo.calls.at(-1)).toBe(sent.replace("echo_echo", "echo"));
});

it("arguments that a client left out stay out", async () => {
  await client.post(call("1", "echo_echo"));
  expect(echo.calls.at(-1)).toBe(call("1", "echo"));
});

it("a result gets no member that the backend did not send", async () => {
  const { text } = await client.post(call("1", "echo_echo"));
  expect(JSON.parse(text)).toEqual({
    jsonrpc: "2.0",
    id: 1,
    result: { content: [{ type: "text", text: "{}" }] },
  });
});

it.each([
  [126, undefined],
  [127, -32600],
  [1_000_000, -32600],
])("arguments nested %d deep, with limits.bodyDepth at 128: error %s", async (depth, code) => {
  const deep = "[".repeat(depth) + "]".repeat(depth);
  const body = (name: string) =>
    `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"${name}","arguments":${deep}}}`;
  const answer = await client.post(body("echo_echo"));
  const { id, error } = JSON.parse(answer.text);
  expect([answer.status, id, error?.code]).toEqual([200, 1, code]);
  expect(echo.calls.at(-1) === body("echo")).toBe(code === undefined);
});

it("an id that is in flight is refused, and the call in flight is still answered", async () => {
  const before = echo.calls.length;
  const first = client.post(call("5", "echo_slow"));
  await eventually(() => expect(echo.calls.length).toBe(before + 1));
  const second = await client.post(call("5", "echo_echo"));
  const { id, error } = JSON.parse(second.text);
  expect([second.status, id, error.code]).toEqual([200, 5, -32600]);
  expect(echo.calls.length).toBe(before + 1);
  echo.release();
  expect(JSON.parse((await first).text)).toMatchObject({ id: 5, result: {} });
  expect((await client.post(call("5", "echo_echo"))).status).toBe(200);
});
