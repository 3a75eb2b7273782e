import fc from "fast-check";
import { mutated } from "./mutated.ts";

/** What stands for the id of the request that is answered. */
export const ID = '"ID"';

const STATUSES = [
  200, 200, 200, 200, 200, 202, 204, 301, 307, 400, 401, 404, 429, 500, 503,
] as const;

const CONTENT_TYPES = [
  "application/json",
  "text/event-stream",
  "application/json; charset=utf-8",
  "text/html",
  "",
] as const;

const RESULT = fc.oneof(
  fc.constant('{"content":[{"type":"text","text":"done"}]}'),
  fc.constant(
    '{"protocolVersion":"2025-11-25","capabilities":{},"serverInfo":{"name":"a","version":"1"}}',
  ),
  fc.constant('{"tools":[{"name":"write","inputSchema":{"type":"object"}}],"nextCursor":""}'),
  fc.jsonValue().map((value) => JSON.stringify(value)),
);

/** Messages of a server, as JSON: the answer, another's, what is nearly one, news and questions. */
const MESSAGE = fc.oneof(
  { weight: 3, arbitrary: RESULT.map((text) => `{"jsonrpc":"2.0","id":${ID},"result":${text}}`) },
  RESULT.map((text) => `{"jsonrpc":"2.0","id":4711,"result":${text}}`),
  RESULT.map((text) => `{"id":${ID},"result":${text}}`),
  fc.constantFrom(
    `{"jsonrpc":"2.0","id":${ID},"error":{"code":-32000,"message":"no"}}`,
    `{"jsonrpc":"2.0","id":${ID},"error":null}`,
    `{"jsonrpc":"2.0","id":${ID},"error":{"code":"x"},"result":{}}`,
    `{"jsonrpc":"2.0","id":${ID}}`,
    `{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"no"}}`,
    `[{"jsonrpc":"2.0","id":${ID},"result":{}}]`,
    '{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":1}}',
    '{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":1,"progress":1}}',
    '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}',
    '{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}',
    '{"jsonrpc":"2.0","method":"notifications/resources/updated","params":{"uri":"a://b"}}',
    '{"jsonrpc":"2.0","id":1,"method":"roots/list"}',
    '{"jsonrpc":"2.0","id":{},"method":"ping","params":null}',
  ),
  fc.jsonValue().map((value) => JSON.stringify(value)),
);

const EVENT = fc
  .tuple(
    fc.constantFrom("", "event: message\n", "event: other\n", "id: 1\n", "retry: 5\n", ": hello\n"),
    fc.constantFrom("data: ", "data:", "data", "date: "),
    MESSAGE,
    fc.constantFrom("\n\n", "\n\n", "\r\n\r\n", "\r\r", "\n"),
  )
  .map((parts) => parts.join(""));

const EVENTS = fc.array(EVENT, { maxLength: 5 }).map((events) => events.join(""));

/** The bytes of an answer, as text, after which the connection ends. */
export const BACKEND_ANSWER: fc.Arbitrary<string> = fc.oneof(
  { weight: 4, arbitrary: answerWith(mutated(MESSAGE, 1)) },
  { weight: 4, arbitrary: answerWith(mutated(EVENTS, 1)) },
  { weight: 2, arbitrary: mutated(answerWith(fc.oneof(MESSAGE, EVENTS))) },
  { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 50 }) },
);

function answerWith(body: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const framing = fc.constantFrom("length", "too long", "too short", "chunked", "close");
  return fc
    .tuple(fc.constantFrom(...STATUSES), fc.constantFrom(...CONTENT_TYPES), framing, body)
    .map(([status, type, framed, text]) => {
      const bytes = Buffer.byteLength(text);
      const chunked = `transfer-encoding: chunked\r\n\r\n${bytes.toString(16)}\r\n${text}\r\n0\r\n\r\n`;
      const lengths = { length: bytes, "too long": bytes + 5, "too short": Math.max(0, bytes - 5) };
      const rest =
        framed === "chunked"
          ? chunked
          : framed === "close"
            ? `\r\n${text}`
            : `content-length: ${lengths[framed]}\r\n\r\n${text}`;
      const typed = type === "" ? "" : `content-type: ${type}\r\n`;
      return `HTTP/1.1 ${status} Any\r\n${typed}mcp-session-id: fuzz\r\nlocation: /mcp\r\n${rest}`;
    });
}
