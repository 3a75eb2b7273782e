import { setTimeout as delay } from "node:timers/promises";
import {
  answers,
  answersTo,
  asEvents,
  EVENTS,
  empty,
  type OddRequest,
  type OddRow,
  on,
  type Reply,
  rawly,
  withHeaders,
} from "../odd-server.ts";

const events = (print: (data: string) => string) => answers((usual) => asEvents(usual, print));

/** The head that HTTP libraries would write, and nothing they would add. */
function head({ headers }: Reply, version = "1.1"): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/${version} 200 OK\r\n${lines.join("")}`;
}

/** Writes an answer in pieces, each when the one before has left. */
async function inPieces({ response }: OddRequest, usual: Reply, bytes: number): Promise<undefined> {
  response.writeHead(usual.status, usual.headers);
  const body = Buffer.from(usual.body);
  for (let at = 0; at < body.length; at += bytes) {
    await new Promise<void>((done) => {
      response.write(body.subarray(at, at + bytes), () => done());
    });
  }
  response.end();
  return undefined;
}

/** HTTP's framing, and that of event streams. */
export const FRAMING_ROWS: readonly OddRow[] = [
  {
    name: "one-byte",
    input: "chunks of one byte",
    script: answers((usual, request) => inPieces(request, usual, 1)),
  },
  {
    name: "one-byte-events",
    input: "events in chunks of one byte, four-byte characters among them",
    script: answers((usual, request) =>
      inPieces(
        request,
        asEvents({ ...usual, body: `${usual.body}` }, (data) => `: 😀\ndata: ${data}\n\n`),
        1,
      ),
    ),
  },
  {
    name: "no-length",
    input: "no `Content-Length`: the connection's end is the answer's",
    script: answers((usual, request) =>
      rawly(request, `${head(usual)}connection: close\r\n\r\n${usual.body}`),
    ),
  },
  {
    name: "http-1-0",
    input: "HTTP/1.0",
    script: answers((usual, request) => rawly(request, `${head(usual, "1.0")}\r\n${usual.body}`)),
  },
  {
    name: "connection-close",
    input: "`Connection: close` at every answer",
    script: ({ usual }) => withHeaders(usual, { connection: "close" }),
  },
  {
    name: "early-hints",
    input: "103 Early Hints ahead of every answer",
    script: answers((usual, { response }) => {
      response.writeEarlyHints({ link: "</style.css>; rel=preload; as=style" });
      return usual;
    }),
  },
  {
    name: "long-headers",
    input: "8 KB of headers",
    script: answers((usual) => withHeaders(usual, { "x-long": "x".repeat(8_192) })),
  },
  {
    name: "cookies",
    input: "a cookie at every answer",
    script: answers((usual) =>
      withHeaders(usual, { "set-cookie": "affinity=1; Path=/; HttpOnly" }),
    ),
  },
  {
    name: "events",
    input: "every answer as one event",
    script: answers((usual) => asEvents(usual)),
  },
  {
    name: "events-crlf",
    input: "events with CRLF",
    script: events((data) => `event: message\r\ndata: ${data}\r\n\r\n`),
  },
  {
    name: "events-cr",
    input: "events with CR alone",
    script: events((data) => `event: message\rdata: ${data}\r\r`),
  },
  {
    name: "events-no-space",
    input: "`data:` without a space behind it",
    script: events((data) => `data:${data}\n\n`),
  },
  {
    name: "events-comments",
    input: "comments, empty events and `retry` ahead of the answer",
    script: events((data) => `: hello\n\n\n\nretry: 100\n\n: ping\ndata: ${data}\n\n: bye\n\n`),
  },
  {
    name: "events-two-lines",
    input: "one message over two `data:` lines",
    script: events((data) => `data: ${data.replace(',"id"', ',\ndata: "id"')}\n\n`),
  },
  {
    name: "events-mark",
    input: "events behind a byte order mark",
    script: events((data) => `\ufeffdata: ${data}\n\n`),
  },
  {
    name: "events-ids",
    input: "an event with `id` and no data first, as SEP-1699 has it",
    script: events((data) => `id: 1\ndata:\n\nid: 2\nevent: message\ndata: ${data}\n\n`),
  },
  {
    name: "events-named",
    input: "the answer in an event named `response`",
    script: events((data) => `event: response\ndata: ${data}\n\n`),
  },
  {
    name: "events-cut",
    input: "no blank line behind the last event",
    script: events((data) => `event: message\ndata: ${data}`),
  },
  {
    name: "events-half-cut",
    input: "one line break behind the last event",
    script: events((data) => `event: message\ndata: ${data}\n`),
  },
  {
    name: "events-done",
    input: "an event `[DONE]` behind the answer",
    script: events((data) => `data: ${data}\n\ndata: [DONE]\n\n`),
  },
  {
    name: "events-open",
    input: "the stream stays open behind the answer",
    script: answers((usual, { response }) => {
      const { status, headers, body } = asEvents(usual);
      response.writeHead(status, headers).write(body);
      return undefined;
    }),
  },
  {
    name: "events-resumed",
    input: "a call's stream ends ahead of the answer, which GET with `Last-Event-ID` gets",
    script: async (request) => {
      const { kind, usual, memory, headers } = request;
      if (kind === "tools/call") {
        memory.notes.set("answer", usual.body);
        return { status: 200, headers: EVENTS, body: "id: call-1\nretry: 50\ndata:\n\n" };
      }
      if (kind !== "GET") return usual;
      if (headers["last-event-id"] !== "call-1") return empty(405);
      await delay(20);
      const body = `id: call-2\ndata: ${memory.notes.get("answer")}\n\n`;
      return { status: 200, headers: EVENTS, body };
    },
  },
  {
    name: "events-in-json",
    input: "an event stream that says `application/json`",
    script: answers((usual) => ({ ...asEvents(usual), headers: usual.headers })),
  },
  {
    name: "json-in-events",
    input: "JSON that says `text/event-stream`",
    script: answers((usual) => withHeaders(usual, EVENTS)),
  },
  {
    name: "call-short",
    input: "a call's answer ends ahead of its `Content-Length`",
    script: answersTo("tools/call", (usual, request) =>
      rawly(request, `${head(usual)}content-length: 5000\r\n\r\n${usual.body}`),
    ),
  },
  {
    name: "trailers",
    input: "trailers behind the body",
    script: answers((usual, { response }) => {
      response.writeHead(usual.status, { ...usual.headers, trailer: "server-timing" });
      response.write(usual.body);
      response.addTrailers({ "server-timing": "total;dur=1" });
      response.end();
      return undefined;
    }),
  },
  {
    name: "call-202",
    shortfall:
      "MCP has the answer in the response to the POST. The GET stream of a session may be another process's.",
    input: "a call is answered with 202, and its answer comes on the GET stream",
    script: on(["GET", "tools/call"], ({ kind, memory, response, usual }) => {
      if (kind === "GET") {
        response.writeHead(200, EVENTS).flushHeaders();
        memory.stream = response;
        return undefined;
      }
      if (memory.stream === undefined) return usual;
      memory.stream.write(`data: ${usual.body}\n\n`);
      return empty(202);
    }),
  },
];
