import { once } from "node:events";
import { connect } from "node:net";
import { expect, it, onTestFinished } from "vitest";
import { RawClient } from "../../testkit/clients/raw-client.ts";
import { startGateway } from "../../testkit/processes/gateway.ts";
import { EchoBackend } from "../../testkit/servers/echo-backend.ts";

const LIMIT_BYTES = 65_536;
const BODY = Buffer.alloc(9 * 2 ** 20, " ");
/** A call with its id at the end, as the official SDKs write it: 500,000 bytes. */
const CALL = Buffer.from(
  `{"method":"tools/call","params":{"name":"${"x".repeat(500_000)}"},"jsonrpc":"2.0","id":7}`,
);
const PING = '{"jsonrpc":"2.0","id":1,"method":"ping"}';
const TRIES = 6;

/** In MiB: more than the system holds by itself. */
const MAX_CHUNKS = 32;

async function start() {
  const echo = await EchoBackend.start();
  const gateway = await startGateway({
    backends: [{ name: "echo", url: echo.url }],
    limits: { bodyBytes: LIMIT_BYTES, requestTimeout: "1s" },
  });
  onTestFinished(async () => {
    await gateway.close();
    await echo.stop();
  });
  const { sessionId = "" } = await RawClient.open(gateway.url);
  return { gateway, sessionId };
}

/** What Node's fetch gets for a body, 6 times: a status, or the fault of its connection. */
async function statuses(url: string, headers: Record<string, string>, body: () => Body) {
  const got: (number | string)[] = [];
  for (let tries = 0; tries < TRIES; tries += 1) {
    const sent = { method: "POST", headers, body: body(), duplex: "half" } as RequestInit;
    got.push(await fetch(url, sent).then(({ status }) => status, String));
  }
  return got;
}

type Body = Buffer | ReadableStream;

const accept = "application/json, text/event-stream";
const json = { "content-type": "application/json", accept };
const chunked = () => new Blob([BODY]).stream();

it.each<[string, number, Record<string, string>, () => Body]>([
  ["one above limits.bodyBytes, with its length", 413, json, () => BODY],
  ["one above limits.bodyBytes, in chunks", 413, json, chunked],
  ["one of another media type", 415, { accept, "content-type": "text/plain" }, () => BODY],
  ["one from a foreign page", 403, { ...json, origin: "https://evil.example" }, () => BODY],
])("of 6 bodies of 9 MB, %s, each is answered %i", async (_what, status, headers, body) => {
  const { gateway, sessionId } = await start();
  const all = await statuses(gateway.url, { "mcp-session-id": sessionId, ...headers }, body);
  expect(all).toEqual(Array(TRIES).fill(status));
});

it.each<[string, () => Body]>([
  ["with its length", () => CALL],
  ["in chunks", () => new Blob([CALL]).stream()],
])(
  "of 6 calls above limits.bodyBytes, %s, each is answered 200 under its id, and the session goes on",
  async (_what, body) => {
    const { gateway, sessionId } = await start();
    const headers = { ...json, "mcp-session-id": sessionId };
    for (let tries = 0; tries < TRIES; tries += 1) {
      const sent = { method: "POST", headers, body: body(), duplex: "half" } as RequestInit;
      const answer = await fetch(gateway.url, sent);
      const { id, error } = (await answer.json()) as { id: number; error: { data: object } };
      expect([answer.status, id, error.data]).toEqual([200, 7, { error: "BODY_TOO_LARGE" }]);
    }
    expect((await new RawClient(gateway.url).post(PING, headers)).status).toBe(200);
  },
);

it("6 bodies of 9 MB to a gateway that lingers are answered 413", async () => {
  const { gateway, sessionId } = await start();
  const drained = gateway.server.drain(60);
  const all = await statuses(gateway.url, { ...json, "mcp-session-id": sessionId }, () => BODY);
  expect(all).toEqual(Array(TRIES).fill(413));
  await gateway.close();
  await drained;
});

it("a body without an end is answered 413, and its connection closed at the requestTimeout of 1 s", async () => {
  const { gateway, sessionId } = await start();
  const socket = connect(Number(new URL(gateway.url).port), "127.0.0.1");
  socket.on("error", () => {});
  socket.write(
    `POST /mcp HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\nmcp-session-id: ${sessionId}\r\ntransfer-encoding: chunked\r\n\r\n`,
  );
  const answers: string[] = [];
  socket.on("data", (data) => answers.push(String(data)));
  const chunk = `100000\r\n${" ".repeat(2 ** 20)}\r\n`;
  let chunks = 0;
  const send = () => {
    chunks += 1;
    if (chunks < MAX_CHUNKS) socket.write(chunk, (fault) => fault ?? send());
  };
  send();
  await once(socket, "close");
  expect(answers.join("")).toContain("HTTP/1.1 413");
  expect(chunks).toBe(MAX_CHUNKS);
});

it.each([
  ["says nothing", ""],
  ["begins its headers", "POST /mcp HTTP/1.1\r\nhost: localhost\r\n"],
  [
    "begins its body",
    "POST /mcp HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{",
  ],
])("a client that %s is let go at the requestTimeout of 1 s", async (_what, text) => {
  const { gateway } = await start();
  const socket = connect(Number(new URL(gateway.url).port), "127.0.0.1");
  const begunAtMs = performance.now();
  socket.write(text);
  socket.resume();
  await once(socket, "close");
  expect(performance.now() - begunAtMs).toBeLessThan(20_000);
});
