import { describe, expect, it } from "vitest";
import { RawClient } from "../../testkit/clients/raw-client.ts";
import { postUnread, stalled } from "../../testkit/clients/unread-answer.ts";
import {
  callOf,
  messageOf,
  messagesOf,
  type ScriptedFleet,
  startFleet,
  textOf,
} from "../../testkit/processes/scripted-fleet.ts";
import { textResult } from "../../testkit/servers/scripted-exchange.ts";
import { eventually } from "../../testkit/vitest/eventually.ts";

const MEGABYTE = 1024 * 1024;

/** What is written of 50 MB and more before anybody reads: the sockets of two hops, and the start of each answer. */
const HELD_BACK_MEGABYTES = 100;

async function heldBytes({ gateway }: ScriptedFleet): Promise<number> {
  const text = await (await fetch(`${gateway.adminUrl}/metrics`)).text();
  return Number(/^mcp_fleet_held_bytes (\d+)$/m.exec(text)?.[1]);
}

describe("an answer of 50 MB that became an event stream because its backend was quiet", () => {
  it("is passed on as the client reads it, held back before, and one event in the end", async () => {
    const { backend, client, gateway } = await startFleet({ limits: { keepAlive: "50ms" } });
    const isStream = Promise.withResolvers<void>();
    let megabytes = 0;
    backend.on("tools/call", async (exchange) => {
      await isStream.promise;
      exchange.begin("application/json");
      await exchange.write('{"jsonrpc":"2.0",\r\n"id":1,\n"result":{"text":"');
      for (; megabytes < 50; megabytes += 1) await exchange.write("x".repeat(MEGABYTE));
      await exchange.write('"}}');
      exchange.end();
    });

    const answer = await postUnread(gateway.url, client, callOf("write"));
    expect(answer.headers["content-type"]).toBe("text/event-stream");
    isStream.resolve();
    await stalled(() => megabytes);
    expect(megabytes).toBeLessThan(HELD_BACK_MEGABYTES / 4);

    const text = Buffer.concat(await answer.toArray()).toString("utf8");
    const [data, ...others] = text.split("\n").filter((line) => line.startsWith("data: "));
    expect(others).toEqual([]);
    expect(JSON.parse(data?.slice("data: ".length) ?? "").result.text).toHaveLength(50 * MEGABYTE);
  });
});

describe("an answer that stops within an event", () => {
  it("breaks off once its call has timed out: half an event with a clean end would be taken for all", async () => {
    const limits = { keepAlive: "50ms", callTimeout: "1s" } as const;
    const { backend, client, gateway } = await startFleet({ limits });
    const isStream = Promise.withResolvers<void>();
    backend.on("tools/call", async (exchange) => {
      await isStream.promise;
      exchange.begin("application/json");
      await exchange.write(`{"jsonrpc":"2.0","id":1,"result":{"text":"${"x".repeat(MEGABYTE)}`);
    });

    const answer = await postUnread(gateway.url, client, callOf("write"));
    isStream.resolve();
    await expect(answer.toArray()).rejects.toThrow();
  });
});

describe("a batch of 20 calls with answers of 8 MB", () => {
  it("is answered with 20 whole events, most of which waits at the backend until it is read", async () => {
    const { backend, gateway } = await startFleet();
    const client = await RawClient.open(gateway.url, "2025-03-26");
    let megabytes = 0;
    backend.on("tools/call", async (exchange) => {
      const { id } = exchange.received.message;
      exchange.begin("application/json");
      await exchange.write(`{"jsonrpc":"2.0","id":${id},"result":{"text":"`);
      for (let index = 0; index < 8; index += 1) {
        await exchange.write("x".repeat(MEGABYTE));
        megabytes += 1;
      }
      await exchange.write('"}}');
      exchange.end();
    });
    const ids = Array.from({ length: 20 }, (_, index) => index + 1);

    const answer = await postUnread(
      gateway.url,
      client,
      `[${ids.map((id) => callOf("write", id))}]`,
    );
    await eventually(() => expect(backend.count("tools/call")).toBe(20));
    await stalled(() => megabytes);
    expect(megabytes).toBeLessThan(HELD_BACK_MEGABYTES);
    const text = Buffer.concat(await answer.toArray()).toString("utf8");

    expect(megabytes).toBe(160);
    const data = text.split("\n").filter((line) => line.startsWith("data: "));
    const answered = data.map((line) => JSON.parse(line.slice("data: ".length)));
    expect(answered.map(({ id }) => id).sort((one, other) => one - other)).toEqual(ids);
    for (const { result } of answered) expect(result.text).toHaveLength(8 * MEGABYTE);
  });
});

describe("what a process holds of messages", () => {
  it("is 1 MB less 64 KiB while an event of 1 MB has not ended, and 0 once it is read", async () => {
    const fleet = await startFleet();
    const { backend, client } = fleet;
    const end = Promise.withResolvers<void>();
    backend.on("tools/call", async (exchange) => {
      exchange.begin();
      const [start = "", rest = ""] = exchange.resultText(textResult("|")).split("|");
      await exchange.write(`data: ${start}${"x".repeat(MEGABYTE - start.length - 6)}`);
      await end.promise;
      await exchange.write(`${rest}\n\n`);
      exchange.end();
    });

    const call = client.post(callOf("write"));
    await eventually(async () => expect(await heldBytes(fleet)).toBe(MEGABYTE - 64 * 1024));
    end.resolve();

    expect(textOf(await call)?.length).toBeGreaterThan(MEGABYTE - 200);
    expect(await heldBytes(fleet)).toBe(0);
  });

  it("is 0 after an answer of 200 KB that breaks off, and after one to another request", async () => {
    const fleet = await startFleet();
    const { backend, client } = fleet;
    const text = `{"jsonrpc":"2.0","id":1,"result":"${"x".repeat(200 * 1024)}"}`;
    const error = { data: { error: "OUTCOME_UNKNOWN" } };
    backend.once("tools/call", async (exchange) => {
      exchange.begin("application/json");
      await exchange.write(text.slice(0, -2));
      exchange.breakOff();
    });
    expect(messageOf(await client.post(callOf("write", 1)))).toMatchObject({ error });
    backend.once("tools/call", (exchange) => exchange.body(200, text, "application/json"));
    expect(messageOf(await client.post(callOf("write", 2)))).toMatchObject({ error });

    expect(await heldBytes(fleet)).toBe(0);
  });

  it("stays within a limits.heldBytes of 2 MB: 8 events of 1 MB arrive one after the other", async () => {
    const fleet = await startFleet({ limits: { heldBytes: "2Mi", messageBytes: "1100Ki" } });
    const { backend, client } = fleet;
    let most = 0;
    backend.on("tools/call", async (exchange) => {
      exchange.begin();
      await exchange.eventWithResult(textResult("x".repeat(MEGABYTE)));
      exchange.end();
    });

    const ids = Array.from({ length: 8 }, (_, index) => index + 1);
    const calls = Promise.all(ids.map((id) => client.post(callOf("write", id))));
    let isDone = false;
    void calls.finally(() => {
      isDone = true;
    });
    while (!isDone) most = Math.max(most, await heldBytes(fleet));

    for (const answer of await calls) expect(textOf(answer)).toHaveLength(MEGABYTE);
    expect(most).toBeLessThanOrEqual(2 * MEGABYTE);
    expect(await heldBytes(fleet)).toBe(0);
  });

  it("ends an event beyond limits.messageBytes, and a list", async () => {
    const { backend, client } = await startFleet({ limits: { messageBytes: "1Mi" } });
    backend.once("tools/call", async (exchange) => {
      exchange.begin();
      await exchange.eventWithResult(textResult("x".repeat(2 * MEGABYTE)));
      exchange.end();
    });

    expect(messageOf(await client.post(callOf("write"))).error?.data).toMatchObject({
      error: "OUTCOME_UNKNOWN",
    });
    expect(messagesOf(await client.post(callOf("write", 2)))).toHaveLength(1);
  });

  it("is not a list of 3 MB with a limits.messageBytes of 1 MB: the backend offers nothing", async () => {
    const tools = [{ name: "x".repeat(3 * MEGABYTE), inputSchema: { type: "object" } }];
    const fleet = await startFleet({
      limits: { messageBytes: "1Mi" },
      prepare: (backend) => {
        backend.tools = tools;
      },
    });
    const list = '{"jsonrpc":"2.0","id":1,"method":"tools/list"}';

    expect(messageOf(await fleet.client.post(list)).result?.tools).toEqual([]);
    expect(await heldBytes(fleet)).toBe(0);
  });
});
