import { createHash } from "node:crypto";
import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { postUnread, stalled } from "../../testkit/clients/unread-answer.ts";
import { callOf, startFleet, statusOf, textOf } from "../../testkit/processes/scripted-fleet.ts";
import { type Exchange, textResult } from "../../testkit/servers/scripted-exchange.ts";
import { eventually } from "../../testkit/vitest/eventually.ts";

const MEGABYTE = 1024 * 1024;

/** An answer of this size; the kernel's socket buffers of two hops hold less than half of it. */
const ANSWER_MEGABYTES = 50;
const HELD_BACK_MEGABYTES = 25;

/** Counts what a backend could write, and keeps a digest of it. */
class Counted {
  readonly #hash = createHash("sha256");
  megabytes = 0;

  add(chunk: string): string {
    this.#hash.update(chunk);
    this.megabytes += chunk.length / MEGABYTE;
    return chunk;
  }

  digest(): string {
    return this.#hash.digest("hex");
  }
}

async function writeJson(exchange: Exchange, counted: Counted): Promise<void> {
  const [head, tail] = exchange.resultText(textResult("|")).split("|");
  exchange.begin("application/json");
  await exchange.write(counted.add(head ?? ""));
  for (let index = 0; index < ANSWER_MEGABYTES; index += 1) {
    await exchange.write(counted.add(String(index % 10).repeat(MEGABYTE)));
  }
  await exchange.write(counted.add(tail ?? ""));
  exchange.end();
}

describe("a client that does not read", () => {
  it("holds a JSON answer of 50 MB back at the backend, and then gets every byte of it", async () => {
    const { backend, client, gateway } = await startFleet();
    const sent = new Counted();
    backend.on("tools/call", (exchange) => writeJson(exchange, sent));

    const answer = await postUnread(gateway.url, client, callOf("write"));
    await stalled(() => sent.megabytes);

    expect(sent.megabytes).toBeLessThan(HELD_BACK_MEGABYTES);
    const received = createHash("sha256");
    for await (const chunk of answer) received.update(chunk);
    expect(received.digest("hex")).toBe(sent.digest());
    expect(sent.megabytes).toBeGreaterThan(ANSWER_MEGABYTES);
  });

  it("holds 50 SSE events of 1 MB back at the backend, and then gets every byte of them", async () => {
    const { backend, client, gateway } = await startFleet();
    const sent = new Counted();
    backend.on("tools/call", async (exchange) => {
      exchange.begin();
      for (let index = 0; index < ANSWER_MEGABYTES; index += 1) {
        const params = { level: "info", data: String(index % 10).repeat(MEGABYTE) };
        const message = { jsonrpc: "2.0", method: "notifications/message", params };
        await exchange.write(`data: ${sent.add(JSON.stringify(message))}\n\n`);
      }
      await exchange.write(`data: ${sent.add(exchange.resultText(textResult("end")))}\n\n`);
      exchange.end();
    });

    const answer = await postUnread(gateway.url, client, callOf("write"));
    await stalled(() => sent.megabytes);

    expect(sent.megabytes).toBeLessThan(HELD_BACK_MEGABYTES);
    const text = Buffer.concat(await answer.toArray()).toString("latin1");
    const received = createHash("sha256");
    for (const line of text.split("\n")) {
      if (line.startsWith("data: ")) received.update(line.slice("data: ".length));
    }
    expect(received.digest("hex")).toBe(sent.digest());
  });
});

describe("a client that leaves in mid-call", () => {
  it("does not cancel the call: the backend's answer is taken whole, 0 cancellations", async () => {
    const { backend, client } = await startFleet();
    const left = Promise.withResolvers<void>();
    const outcome = Promise.withResolvers<boolean>();
    backend.on("tools/call", async (exchange) => {
      exchange.begin();
      await exchange.event({ jsonrpc: "2.0", method: "notifications/message", params: {} });
      await left.promise;
      await exchange.eventWithResult(textResult("done"));
      exchange.end();
      await exchange.closed();
      outcome.resolve(exchange.isCut);
    });
    const stream = await client.stream(callOf("write"));
    await stream.next();

    stream.leave();
    await eventually(async () =>
      expect(await client.post(pingOf())).toMatchObject({ status: 200 }),
    );
    left.resolve();

    expect(await outcome.promise).toBe(false);
    expect(backend.count("notifications/cancelled")).toBe(0);
    expect(backend.count("tools/call")).toBe(1);
  });

  it("gives its connection back, the only one, after 1 of 50 MB of a JSON answer", async () => {
    const { backend, client, gateway } = await startFleet({ limits: { upstreamConnections: 1 } });
    const sent = new Counted();
    backend.once("tools/call", (exchange) => writeJson(exchange, sent));

    const answer = await postUnread(gateway.url, client, callOf("write"));
    await once(answer, "readable");
    answer.destroy();

    expect(textOf(await client.post(callOf("write", 2)))).toBe("write for raw");
    expect(backend.count("tools/call")).toBe(2);
  });

  it("is not the reason for a 2nd request of a tool that may run twice, where the 1st breaks off", async () => {
    const { backend, client, gateway } = await startFleet();
    const left = Promise.withResolvers<void>();
    backend.once("tools/call", async (exchange) => {
      exchange.begin();
      await exchange.event({ jsonrpc: "2.0", method: "notifications/message", params: {} });
      await left.promise;
      exchange.reset();
    });
    const answer = await postUnread(gateway.url, client, callOf("read"));
    await once(answer, "readable");
    const socketClosed = once(answer.socket, "close");
    answer.destroy();
    await socketClosed;
    // The gateway sees what was closed before what is asked after it.
    await client.post(pingOf());
    left.resolve();

    await eventually(async () => expect((await statusOf(gateway)).sessions.busy).toBe(0));
    expect(backend.count("tools/call")).toBe(1);
  });
});

function pingOf(): string {
  return JSON.stringify({ jsonrpc: "2.0", id: "ping", method: "ping" });
}
