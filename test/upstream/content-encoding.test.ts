import {
  brotliCompressSync,
  constants,
  createGzip,
  deflateSync,
  gzipSync,
  zstdCompressSync,
} from "node:zlib";
import { describe, expect, it } from "vitest";
import {
  callOf,
  messageOf,
  messagesOf,
  startFleet,
  textOf,
} from "../../testkit/processes/scripted-fleet.ts";
import type { Exchange } from "../../testkit/servers/scripted-exchange.ts";

const ENCODERS = {
  gzip: gzipSync,
  deflate: deflateSync,
  br: brotliCompressSync,
  zstd: zstdCompressSync,
} as const;

const resultOf = (exchange: Exchange, text: string) =>
  exchange.resultText({ content: [{ type: "text", text }] });

const answerEncoded = async (exchange: Exchange, encoding: keyof typeof ENCODERS, text: string) => {
  exchange.begin("application/json", { "content-encoding": encoding });
  await exchange.write(ENCODERS[encoding](resultOf(exchange, text)));
  exchange.end();
};

const NAMES = ["gzip", "deflate", "br", "zstd"] as const;

describe("an answer that nobody asked to be encoded", () => {
  it.each(NAMES)("arrives decoded: %s, 5 bytes", async (encoding) => {
    const { backend, client } = await startFleet();
    backend.on("tools/call", (exchange) => answerEncoded(exchange, encoding, "hello"));
    expect(textOf(await client.post(callOf("write")))).toBe("hello");
  });

  it.each(NAMES)("arrives decoded: %s, 1 MB, which is passed on in pieces", async (encoding) => {
    const { backend, client } = await startFleet();
    const long = "0123456789abcdef".repeat(65_536);
    backend.on("tools/call", (exchange) => answerEncoded(exchange, encoding, long));
    expect(textOf(await client.post(callOf("write")))).toBe(long);
  });

  it("may be a stream of events, each of which arrives when it is sent", async () => {
    const { backend, client } = await startFleet();
    const halfway = Promise.withResolvers<void>();
    backend.on("tools/call", async (exchange) => {
      exchange.begin("text/event-stream", { "content-encoding": "gzip" });
      const gzip = createGzip({ flush: constants.Z_SYNC_FLUSH });
      const pass = (async () => {
        for await (const piece of gzip) await exchange.write(piece);
        exchange.end();
      })();
      const progress = {
        jsonrpc: "2.0",
        method: "notifications/message",
        params: { level: "info" },
      };
      gzip.write(`data: ${JSON.stringify(progress)}\n\n`);
      await halfway.promise;
      gzip.end(`data: ${resultOf(exchange, "hello")}\n\n`);
      await pass;
    });
    const stream = await client.stream(callOf("write"));
    expect(JSON.parse((await stream.next()) ?? "").method).toBe("notifications/message");
    halfway.resolve();
    expect(await stream.next()).toContain("hello");
  });

  it("is OUTCOME_UNKNOWN in an encoding that nobody knows, and where it is damaged", async () => {
    const { backend, client } = await startFleet();
    for (const [encoding, bytes] of [
      ["rot13", "uryyb"],
      ["gzip", "not gzip at all"],
    ] as const) {
      backend.once("tools/call", (exchange) =>
        exchange.body(200, bytes, "application/json", { "content-encoding": encoding }),
      );
      const [answer] = messagesOf(await client.post(callOf("write")));
      expect(answer?.error?.data, encoding).toMatchObject({ error: "OUTCOME_UNKNOWN" });
    }
  });

  it("is taken at the handshake and in lists as well", async () => {
    const { client } = await startFleet({
      prepare: (backend) => {
        backend.on("tools/list", async (exchange) => {
          exchange.begin("application/json", { "content-encoding": "gzip" });
          await exchange.write(gzipSync(exchange.resultText({ tools: backend.tools })));
          exchange.end();
        });
      },
    });
    const list = '{"jsonrpc":"2.0","id":1,"method":"tools/list"}';
    expect(messageOf(await client.post(list)).result?.tools).toHaveLength(3);
  });
});
