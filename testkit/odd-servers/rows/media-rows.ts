import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import {
  answers,
  answersTo,
  asEvents,
  JSON_TYPE,
  type OddRow,
  type Reply,
  withHeaders,
} from "../odd-server.ts";

const typed = (type: string) => answers((usual) => withHeaders(usual, { "content-type": type }));

function coded(name: string, encode: (bytes: Buffer) => Buffer) {
  return (usual: Reply): Reply => ({
    ...withHeaders(usual, { "content-encoding": name }),
    body: encode(Buffer.from(usual.body)),
  });
}

const gzip = coded("gzip", gzipSync);

/** Media types, charsets, content encodings. */
export const MEDIA_ROWS: readonly OddRow[] = [
  {
    name: "charset",
    input: "`application/json;charset=UTF-8`",
    script: typed("application/json;charset=UTF-8"),
  },
  {
    name: "capitals",
    input: '`Application/JSON; Charset="utf-8"`',
    script: typed('Application/JSON; Charset="utf-8"'),
  },
  {
    name: "event-charset",
    input: "`text/event-stream; charset=utf-8`",
    script: answers((usual) =>
      withHeaders(asEvents(usual), { "content-type": "text/event-stream; charset=utf-8" }),
    ),
  },
  {
    name: "event-capitals",
    input: "`Text/Event-Stream`",
    script: answers((usual) =>
      withHeaders(asEvents(usual), { "content-type": "Text/Event-Stream" }),
    ),
  },
  {
    name: "json-rpc-type",
    input: "`application/json-rpc`",
    script: typed("application/json-rpc"),
  },
  {
    name: "json-suffix",
    input: "`application/vnd.mcp+json`",
    script: typed("application/vnd.mcp+json"),
  },
  {
    name: "text-type",
    input: "`text/plain`",
    script: typed("text/plain"),
  },
  {
    name: "no-type",
    input: "no `Content-Type`",
    script: answers(({ status, headers, body }) => {
      const { "content-type": _, ...rest } = headers;
      return { status, headers: rest, body };
    }),
  },
  {
    name: "call-text-type",
    input: "a call is answered as `text/plain`, all else as JSON",
    script: answersTo("tools/call", (usual) =>
      withHeaders(usual, { "content-type": "text/plain" }),
    ),
  },
  {
    name: "no-sniff",
    input: "`application/json` with `nosniff`, `Vary`, CORS and caching headers",
    script: answers((usual) =>
      withHeaders(usual, {
        "x-content-type-options": "nosniff",
        vary: "Origin, Accept-Encoding",
        "access-control-allow-origin": "*",
        "cache-control": "no-store",
        etag: 'W/"1"',
      }),
    ),
  },
  {
    name: "byte-order-mark",
    input: "JSON behind a byte order mark",
    script: answers((usual) => ({ ...usual, body: `\ufeff${usual.body}` })),
  },
  {
    name: "pretty",
    input: "JSON over several lines, with a line break at its end",
    script: answers((usual) => ({
      ...usual,
      body: `${JSON.stringify(JSON.parse(String(usual.body)), null, 2)}\r\n`,
    })),
  },
  {
    name: "escaped",
    input: 'JSON whose member names are escaped (`"\\u006a…"`)',
    script: answers((usual) => ({
      ...usual,
      body: String(usual.body).replace('"jsonrpc"', '"\\u006asonrpc"'),
    })),
  },
  {
    name: "gzip",
    input: "`gzip`, asked for or not",
    script: answers(gzip),
  },
  {
    name: "gzip-wanted",
    input: "`gzip` where the request accepts it",
    script: answers((usual, { headers }) =>
      String(headers["accept-encoding"]).includes("gzip") ? gzip(usual) : usual,
    ),
  },
  {
    name: "gzip-call",
    input: "calls alone as `gzip`, asked for or not",
    script: answersTo("tools/call", gzip),
  },
  {
    name: "gzip-long",
    input: "a call is answered with 300 KB as `gzip`, asked for or not",
    script: answersTo("tools/call", (usual, { params }) => {
      const { text } = Object(params.arguments);
      const content = [
        { type: "text", text: String(text) },
        { type: "text", text: "x".repeat(300_000) },
      ];
      const message = JSON.parse(String(usual.body));
      return gzip({ ...usual, body: JSON.stringify({ ...message, result: { content } }) });
    }),
  },
  {
    name: "gzip-events",
    input: "`gzip` around `text/event-stream`, asked for or not",
    script: answers((usual) => gzip(asEvents(usual))),
  },
  {
    name: "deflate",
    input: "`deflate`, asked for or not",
    script: answers(coded("deflate", deflateSync)),
  },
  {
    name: "brotli",
    input: "`br`, asked for or not",
    script: answers(coded("br", brotliCompressSync)),
  },
  {
    name: "zstd",
    input: "`zstd`, asked for or not",
    script: answers(coded("zstd", zstdCompressSync)),
  },
  {
    name: "identity",
    input: "`Content-Encoding: identity`",
    script: answers((usual) => withHeaders(usual, { "content-encoding": "identity" })),
  },
  {
    name: "utf-8",
    input: "text of four-byte characters and escaped halves of them",
    script: answersTo("tools/list", (usual) => ({
      ...usual,
      headers: JSON_TYPE,
      body: String(usual.body).replace("Adds.", "𝒜dds 😀 \\ud83d\\ude00."),
    })),
  },
];
