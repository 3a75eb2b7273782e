import fc from "fast-check";
import { BODY } from "./json-rpc.ts";
import { mutated } from "./mutated.ts";

/** What stands for the id of a session that is open. */
export const SESSION = "SESSION";

const REQUEST_LINE = fc.tuple(
  fc.oneof(
    { weight: 8, arbitrary: fc.constant("POST") },
    { weight: 2, arbitrary: fc.constantFrom("GET", "DELETE", "HEAD", "OPTIONS", "PUT", "TRACE") },
  ),
  fc.oneof(
    { weight: 8, arbitrary: fc.constant("/mcp") },
    { weight: 1, arbitrary: fc.constantFrom("/", "/mcp/", "//mcp", "/mcp?a=%", "/%00", "*") },
    { weight: 1, arbitrary: fc.webPath() },
  ),
);

/** Values that a header may have, the usual one first. */
const HEADERS: Readonly<Record<string, readonly [string, ...string[]]>> = {
  host: ["127.0.0.1", "evil.example", "[::1]:1:2", ""],
  accept: ["application/json, text/event-stream", "*/*", "text/event-stream;q=0", ",", "a/b"],
  "content-type": ["application/json", 'application/json; charset="utf-16"', "text/plain", ";"],
  "mcp-session-id": [SESSION, `${SESSION}, ${SESSION}`, `${SESSION}x`, "a", "%", "-".repeat(300)],
  "mcp-protocol-version": ["2025-11-25", "2026-07-28", "1", ""],
  "mcp-method": ["tools/call", "tools/list", ""],
  "mcp-name": ["good_write", "=?base64?Zm9v?=", "=?base64?*?="],
  "last-event-id": ["0", "-1", "a.b"],
  origin: ["http://127.0.0.1", "null", "http://evil.example", "://"],
  authorization: ["Bearer a.b.c", "Bearer", "Basic Og=="],
  "transfer-encoding": ["chunked", "gzip"],
  expect: ["100-continue", "200-ok"],
  "content-encoding": ["gzip", "identity"],
  connection: ["close", "upgrade", "keep-alive, mcp-session-id"],
};

/** Those that a request has as a rule; the others are there now and then. */
const USUAL = new Set(["host", "accept", "content-type", "mcp-session-id"]);

const HEADER_LINES = fc
  .tuple(
    ...Object.entries(HEADERS).map(([name, [usual, ...odd]]) => {
      const value = fc.oneof(
        { weight: 6, arbitrary: fc.constant(usual) },
        { weight: 1, arbitrary: fc.constantFrom(...odd, usual) },
      );
      const line = value.map((text) => `${name}: ${text}\r\n`);
      const none = fc.constant("");
      return USUAL.has(name)
        ? fc.oneof({ weight: 20, arbitrary: line }, { weight: 1, arbitrary: none })
        : fc.oneof({ weight: 1, arbitrary: line }, { weight: 9, arbitrary: none });
    }),
  )
  .map((lines) => lines.join(""));

/** The bytes of a request, as latin1: well-formed as HTTP, or nearly so. */
export const CLIENT_REQUEST: fc.Arbitrary<string> = fc.oneof(
  { weight: 4, arbitrary: requestWith(fc.constant(0)) },
  // The length is not that of the body.
  { weight: 1, arbitrary: requestWith(fc.integer({ min: -3, max: 3 })) },
  { weight: 2, arbitrary: mutated(requestWith(fc.constant(0))) },
);

function requestWith(wrongBytes: fc.Arbitrary<number>): fc.Arbitrary<string> {
  return fc
    .tuple(REQUEST_LINE, HEADER_LINES, BODY, wrongBytes)
    .map(([[method, path], headers, body, wrong]) => {
      const bytes = Buffer.from(body).toString("latin1");
      const length = Math.max(0, bytes.length + wrong);
      const head = `${method} ${path} HTTP/1.1\r\n${headers}content-length: ${length}\r\n`;
      return `${head}\r\n${bytes}`;
    });
}
