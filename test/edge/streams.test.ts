import { request } from "undici";
import { afterEach, beforeEach, expect, it, onTestFinished } from "vitest";
import { RawClient } from "../../testkit/clients/raw-client.ts";
import { type RunningRole, startGateway } from "../../testkit/processes/gateway.ts";
import { EchoBackend } from "../../testkit/servers/echo-backend.ts";
import { eventually } from "../../testkit/vitest/eventually.ts";

let echo: EchoBackend;
let gateway: RunningRole;
let client: RawClient;

beforeEach(async () => {
  echo = await EchoBackend.start();
  gateway = await startGateway({
    backends: [{ name: "echo", url: echo.url }],
    limits: { keepAlive: "1s" },
  });
  client = await RawClient.open(gateway.url);
});
afterEach(async () => {
  await gateway.close();
  await echo.stop();
});

const PING = '{"jsonrpc":"2.0","id":1,"method":"ping"}';
const SLOW = '{"jsonrpc":"2.0","id":"s","method":"tools/call","params":{"name":"echo_slow"}}';
const CHANGED = '{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}';

it("of 2 streams of a session the newest gets a message, the other one when the newest is gone, each once", async () => {
  const older = await client.stream();
  const newer = await client.stream();
  await eventually(() => expect(echo.discovered("GET")).toBeGreaterThan(0));
  await echo.addTool("third");
  expect(await newer.next()).toBe(CHANGED);
  newer.leave();
  await eventually(async () => expect(await openStreams()).toBe(1));
  await echo.addTool("fourth");
  expect(await older.next()).toBe(CHANGED);
  // What follows the message shows that it came once, and that the older stream got nothing before.
  await client.send({ method: "DELETE" });
  expect(await older.next()).toBeUndefined();
});

it("a third stream closes the oldest of 2, and gets the messages", async () => {
  const oldest = await client.stream();
  const second = await client.stream();
  const third = await client.stream();
  expect(await oldest.next()).toBeUndefined();
  expect(await openStreams()).toBe(2);
  await eventually(() => expect(echo.discovered("GET")).toBeGreaterThan(0));
  await echo.addTool("third");
  expect(await third.next()).toBe(CHANGED);
  await client.send({ method: "DELETE" });
  expect([await second.next(), await third.next()]).toEqual([undefined, undefined]);
});

it("a stream is text/event-stream, is not cached, and hears nothing of another session", async () => {
  const other = await RawClient.open(gateway.url);
  const stream = await client.stream();
  expect(stream.contentType).toBe("text/event-stream");
  const others = await other.stream();
  await client.send({ method: "DELETE" });
  expect(await stream.next()).toBeUndefined();
  await eventually(() => expect(echo.discovered("GET")).toBeGreaterThan(0));
  await echo.addTool("third");
  expect(await others.next()).toBe(CHANGED);
});

it("a call that is quiet for two beats of 1 s becomes a stream of comments, and its answer the one event", async () => {
  const answer = await request(gateway.url, {
    method: "POST",
    headers: {
      accept: "application/json, text/event-stream",
      "content-type": "application/json",
      "mcp-session-id": client.sessionId ?? "",
    },
    body: SLOW,
  });
  expect(answer.headers["content-type"]).toBe("text/event-stream");
  let text = "";
  let released = false;
  for await (const chunk of answer.body) {
    text += String(chunk);
    if (!released && text.includes(": keep-alive\n\n")) {
      released = true;
      echo.release();
    }
  }
  expect(text).toMatch(/^(: keep-alive\n\n)+event: message\ndata: \{[^\n]+\}\n\n$/);
  expect(JSON.parse(text.slice(text.indexOf("{")))).toMatchObject({ id: "s", result: {} });
});

it("a GET stream that is quiet gets comments too", async () => {
  const answer = await request(gateway.url, {
    headers: { accept: "text/event-stream", "mcp-session-id": client.sessionId ?? "" },
  });
  expect(answer.headers["cache-control"]).toContain("no-cache");
  for await (const chunk of answer.body) {
    expect(String(chunk)).toBe(": keep-alive\n\n");
    break;
  }
});

it("a client that names text/event-stream first gets a single message as an event", async () => {
  const ping = '{"jsonrpc":"2.0","id":1,"method":"ping"}';
  const answer = await client.post(ping, { accept: "text/event-stream, application/json" });
  expect(answer.headers["content-type"]).toBe("text/event-stream");
  expect(answer.text).toBe('event: message\ndata: {"jsonrpc":"2.0","id":1,"result":{}}\n\n');
});

it("a session of idleTtl 1s with an open stream and a keepAlive of 60s outlives one without a stream", async () => {
  const short = await startGateway({
    backends: [{ name: "echo", url: echo.url }],
    session: { idleTtl: "1s" },
    limits: { keepAlive: "60s" },
  });
  onTestFinished(() => short.close());
  const listening = await RawClient.open(short.url);
  const stream = await listening.stream();
  for (const _ of [1, 2, 3]) {
    const idle = await RawClient.open(short.url);
    await eventually(async () => expect(await status(short.adminUrl)).toMatchObject({ stored: 1 }));
    expect((await idle.post(PING)).status).toBe(404);
  }
  expect((await listening.post(PING)).status).toBe(200);
  stream.leave();
  await eventually(async () => expect(await status(short.adminUrl)).toMatchObject({ stored: 0 }));
});

async function status(adminUrl: string): Promise<unknown> {
  const { text } = await new RawClient(adminUrl).send({ method: "GET", path: "/status" });
  return JSON.parse(text).sessions;
}

async function openStreams(): Promise<number> {
  const status = await new RawClient(gateway.adminUrl).send({ method: "GET", path: "/status" });
  return JSON.parse(status.text).sessions.streams;
}
