import { afterAll, beforeAll, expect, it } from "vitest";
import { RawClient } from "../../testkit/clients/raw-client.ts";
import { type RunningRole, startGateway } from "../../testkit/processes/gateway.ts";
import { EchoBackend } from "../../testkit/servers/echo-backend.ts";
import { eventually } from "../../testkit/vitest/eventually.ts";

const BATCH_MESSAGES = 5;

let echo: EchoBackend;
let gateway: RunningRole;
let client: RawClient;

beforeAll(async () => {
  echo = await EchoBackend.start();
  gateway = await startGateway({
    backends: [{ name: "echo", url: echo.url }],
    limits: { batchMessages: BATCH_MESSAGES },
  });
  client = await RawClient.open(gateway.url, "2025-03-26");
});
afterAll(async () => {
  await gateway.close();
  await echo.stop();
});

const request = (id: string, method = "ping", params = "{}") =>
  `{"jsonrpc":"2.0","id":${id},"method":"${method}","params":${params}}`;
const NOTIFICATION = '{"jsonrpc":"2.0","method":"notifications/roots/list_changed"}';

it("a batch of 4 requests and 1 notification is answered with 4 events, one per request, failures among them", async () => {
  const batch = [
    request("1"),
    NOTIFICATION,
    request('"two"', "tools/call", '{"name":"echo_echo"}'),
    request("3", "tools/call", '{"name":"nobody"}'),
    request("4", "no/method"),
  ];
  const stream = await client.stream(` [${batch.join(" , ")}] `);
  expect(stream.contentType).toBe("text/event-stream");
  const answers = new Map<unknown, { result?: object; error?: { code: number } }>();
  for (let text = await stream.next(); text !== undefined; text = await stream.next()) {
    const { id, ...answer } = JSON.parse(text);
    expect(answers.has(id)).toBe(false);
    answers.set(id, answer);
  }
  expect(answers.size).toBe(4);
  expect(answers.get(1)?.result).toEqual({});
  expect(answers.get("two")?.result).toHaveProperty("content");
  expect(answers.get(3)?.error?.code).toBe(-32602);
  expect(answers.get(4)?.error?.code).toBe(-32601);
});

it("2 calls of a batch run side by side: the fast one is answered while the slow one still runs", async () => {
  const slow = request("1", "tools/call", '{"name":"echo_slow"}');
  const fast = request("2", "tools/call", '{"name":"echo_echo"}');
  const before = echo.calls.length;
  const stream = await client.stream(`[${slow},${fast}]`);
  expect(JSON.parse((await stream.next()) ?? "").id).toBe(2);
  await eventually(() => expect(echo.calls.length).toBe(before + 2));
  echo.release();
  expect(JSON.parse((await stream.next()) ?? "").id).toBe(1);
  expect(await stream.next()).toBeUndefined();
});

it("a batch of 2 notifications gets 202 and 0 bytes", async () => {
  const answer = await client.post(`[${NOTIFICATION},${NOTIFICATION}]`);
  expect([answer.status, answer.text]).toEqual([202, ""]);
});

it("2 requests of a batch with one id: the second is refused, the first is answered", async () => {
  const slow = request("9", "tools/call", '{"name":"echo_slow"}');
  const before = echo.calls.length;
  const stream = await client.stream(`[${slow},${slow}]`);
  const refused = JSON.parse((await stream.next()) ?? "");
  expect([refused.id, refused.error.code]).toEqual([9, -32600]);
  await eventually(() => expect(echo.calls.length).toBe(before + 1));
  echo.release();
  expect(JSON.parse((await stream.next()) ?? "").result).toHaveProperty("content");
});

it.each([
  ["an empty batch", "[]", -32600],
  [
    `${BATCH_MESSAGES + 1} messages where the limit is ${BATCH_MESSAGES}`,
    `[${Array(6).fill(NOTIFICATION).join()}]`,
    -32600,
  ],
  [
    "initialize among others",
    `[${request("1")},${request("2", "initialize", '{"protocolVersion":"2025-03-26"}')}]`,
    -32600,
  ],
  ["a batch within a batch", `[[${request("1")}]]`, -32600],
  ["a number among messages", `[${request("1")},1]`, -32600],
  ["a batch that is no JSON", `[${request("1")},]`, -32700],
])("%s is refused as a whole", async (_what, body, code) => {
  const answer = await client.post(body);
  expect([answer.status, JSON.parse(answer.text).error.code]).toEqual([400, code]);
  expect(JSON.parse(answer.text)).not.toHaveProperty("id");
});

it.each(["2025-06-18", "2025-11-25"])(
  "protocol %s has no batches: 400 without an id",
  async (version) => {
    const other = await RawClient.open(gateway.url, version);
    const answer = await other.post(`[${request("1")}]`);
    const { id, error } = JSON.parse(answer.text);
    expect([answer.status, id, error.code]).toEqual([400, undefined, -32600]);
    expect(error.message).toContain(version);
  },
);

it("a batch without a session is 400 -32000, as initialize cannot stand in one", async () => {
  const initialize = request("1", "initialize", '{"protocolVersion":"2025-03-26"}');
  const answer = await new RawClient(gateway.url).post(`[${initialize}]`);
  expect([answer.status, JSON.parse(answer.text).error.code]).toEqual([400, -32000]);
});
