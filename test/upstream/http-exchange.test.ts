import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";

import { Pool } from "undici";
import { describe, expect, it, onTestFinished } from "vitest";

import { ByteBudget } from "../../runtime/async/byte-budget.ts";
import { HttpExchange } from "../../runtime/upstream/endpoints/http-exchange.ts";

const KB = 1024;
const NEVER = new AbortController().signal;

/** A server that answers like this, and a way to ask it over 1 connection. */
async function start(answer: RequestListener) {
  const server = createServer(answer).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const pool = new Pool(`http://127.0.0.1:${port}`, { connections: 1 });
  onTestFinished(async () => {
    await pool.destroy();
    server.closeAllConnections();
    server.close();
  });
  const send = (signal = NEVER) => {
    const exchange = new HttpExchange(signal, {
      maxBytes: 8 * KB * KB,
      budget: new ByteBudget(16 * KB * KB, 8 * KB * KB),
    });
    pool.dispatch({ path: "/", method: "POST", body: "{}" }, exchange);
    return exchange;
  };
  return { server, send };
}

describe("an answer", () => {
  it("that is within the limit is whole: 10 bytes of 10, in 2 pieces", async () => {
    const { send } = await start((_request, response) => {
      response.write("12345");
      setImmediate(() => response.end("67890"));
    });
    const { statusCode, body } = await send().response;
    expect(statusCode).toBe(200);
    const { bytes, isWhole } = await body.start(10);
    expect([bytes.toString(), isWhole]).toEqual(["1234567890", true]);
  });

  it("beyond the limit is read on, to the last of 5,000 KB", async () => {
    const sent = Buffer.alloc(5_000 * KB, "0123456789");
    const { send } = await start((_request, response) => void response.end(sent));
    const { body } = await send().response;
    const { bytes, isWhole } = await body.start(256 * KB);
    expect(isWhole).toBe(false);
    expect(bytes.length).toBeGreaterThan(256 * KB);
    const pieces = [bytes];
    for await (const piece of body) pieces.push(piece);
    expect(Buffer.concat(pieces).equals(sent)).toBe(true);
  });

  it("that breaks off after 5 of 10 bytes fails for who reads it", async () => {
    const { send } = await start((_request, response) => {
      response.writeHead(200, { "content-length": "10" });
      response.write("12345", () => response.destroy());
    });
    const { body } = await send().response;
    await expect(body.text()).rejects.toThrow();
  });

  it("that is not read on gives its connection up, and the next of 2 requests gets a new one", async () => {
    const { server, send } = await start((_request, response) => {
      response.write(Buffer.alloc(300 * KB));
    });
    let connections = 0;
    server.on("connection", () => {
      connections += 1;
    });
    const { body } = await send().response;
    for await (const piece of body) {
      expect(piece.length).toBeGreaterThan(0);
      break;
    }
    expect((await send().response).statusCode).toBe(200);
    expect(connections).toBe(2);
  });
});

describe("a request that is aborted", () => {
  it("while 1 other one has the only connection fails at once and is never sent", async () => {
    let requests = 0;
    const { send } = await start((_request, response) => {
      requests += 1;
      if (requests === 2) response.end();
    });
    const first = new AbortController();
    const running = send(first.signal);
    await expect.poll(() => requests).toBe(1);
    const second = new AbortController();
    const waiting = send(second.signal);
    second.abort(new Error("enough"));
    await expect(waiting.response).rejects.toThrow("enough");
    first.abort(new Error("enough of this one too"));
    await expect(running.response).rejects.toThrow("enough of this one too");
    expect([running.sent, waiting.sent]).toEqual([true, false]);
    // A third one gets through, as the second to arrive.
    expect((await send().response).statusCode).toBe(200);
    expect(requests).toBe(2);
  });

  it("while its answer arrives fails for who reads it, with the reason", async () => {
    const { send } = await start((_request, response) => void response.write("12345"));
    const controller = new AbortController();
    const { body } = await send(controller.signal).response;
    const reading = body.text();
    controller.abort(new Error("enough"));
    await expect(reading).rejects.toThrow("enough");
  });
});
