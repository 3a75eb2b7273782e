import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { plan } from "@mcp-fleet/contract/capacity";
import { encode } from "@mcp-fleet/contract/settings";
import { describe, expect, it, onTestFinished } from "vitest";
import { RawClient } from "../../testkit/clients/raw-client.ts";
import { MeasuredProcess } from "../../testkit/processes/measured-process.ts";
import {
  messageOf,
  type ScriptedFleet,
  startFleet,
} from "../../testkit/processes/scripted-fleet.ts";
import type { Exchange } from "../../testkit/servers/scripted-exchange.ts";
import { eventually } from "../../testkit/vitest/eventually.ts";

const KIB = 2 ** 10;
const MIB = 2 ** 20;
const ROOT = join(import.meta.dirname, "../..");

/** What a metric of the process says. */
async function metric({ gateway }: Pick<ScriptedFleet, "gateway">, name: string): Promise<number> {
  const text = await (await fetch(`${gateway.adminUrl}/metrics`)).text();
  return Number(new RegExp(`^mcp_fleet_${name} (\\d+)$`, "m").exec(text)?.[1]);
}

/** A call whose body has so many bytes; its id comes last, as most clients have it. */
function callOfBytes(bytes: number, id = 1): string {
  const [start = "", end = ""] = [
    '{"method":"tools/call","params":{"name":"write","arguments":{"text":"',
    `"}},"jsonrpc":"2.0","id":${id}}`,
  ];
  return start.padEnd(bytes - end.length, "x") + end;
}

/** A connection that sends a part of a body and no more. */
function sendPart(
  url: string,
  sessionId: string | undefined,
  framing: string,
  part: string,
): Socket {
  const { port } = new URL(url);
  const socket = connect(Number(port), "127.0.0.1");
  socket.on("error", () => {});
  const session = sessionId === undefined ? "" : `mcp-session-id: ${sessionId}\r\n`;
  socket.write(
    `POST /mcp HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\naccept: application/json, text/event-stream\r\n${session}${framing}\r\n\r\n${part}`,
  );
  onTestFinished(() => void socket.destroy());
  return socket;
}

const LIMITS = {
  bodyBytes: "1Mi",
  heldBodyBytes: "4Mi",
  bodyBytesPerClient: "1Mi",
  queueTimeout: "500ms",
} as const;

describe("long bodies of calls in flight, with a limits.heldBodyBytes of 4 MiB and 1 MiB per client", () => {
  it("are 2 of 3 of a client; the third is refused in its session, and another client is served", async () => {
    const fleet = await startFleet({ limits: LIMITS });
    const { backend, client, gateway } = fleet;
    const running: Exchange[] = [];
    backend.on("tools/call", (exchange) => void running.push(exchange));
    const other = await RawClient.open(gateway.url);

    const calls = [1, 2].map((id) => client.post(callOfBytes(900 * KIB, id)));
    await expect.poll(() => running.length).toBe(2);
    const refused = await client.post(callOfBytes(900 * KIB, 3));
    expect(refused.status).toBe(200);
    expect(messageOf(refused)).toMatchObject({
      id: 3,
      error: { code: -32000, data: { error: "TOO_MANY_BYTES", retryAfterSeconds: 2 } },
    });
    expect(messageOf(refused).error?.message).toContain("limits.heldBodyBytes");
    expect(await metric(fleet, "bodies_refused_total")).toBe(1);
    expect(await metric(fleet, "held_body_bytes")).toBe(2 * (900 - 64) * KIB);
    const short = client.post(callOfBytes(60 * KIB, 4));
    const long = other.post(callOfBytes(900 * KIB, 5));
    await expect.poll(() => running.length).toBe(4);

    for (const exchange of running) exchange.result({ content: [] });
    for (const answer of await Promise.all([...calls, short, long])) {
      expect(messageOf(answer)).toHaveProperty("result");
    }
    await eventually(async () => expect(await metric(fleet, "held_body_bytes")).toBe(0));
  });

  it("wait for the answers of others: 8 clients with 1,000 KiB each are all served, with 4 MiB held at most", async () => {
    const fleet = await startFleet({ limits: { ...LIMITS, queueTimeout: "60s" } });
    const { backend, gateway } = fleet;
    backend.on("tools/call", (exchange) => exchange.result({ content: [] }));
    const clients = await Promise.all(Array.from({ length: 8 }, () => RawClient.open(gateway.url)));
    let most = 0;
    let isDone = false;
    const calls = Promise.all(clients.map((one) => one.post(callOfBytes(1_000 * KIB))));
    void calls.finally(() => {
      isDone = true;
    });
    while (!isDone) most = Math.max(most, await metric(fleet, "held_body_bytes"));

    for (const answer of await calls) expect(messageOf(answer)).toHaveProperty("result");
    expect(most).toBeLessThanOrEqual(4 * MIB);
    expect(await metric(fleet, "bodies_refused_total")).toBe(0);
    await eventually(async () => expect(await metric(fleet, "held_body_bytes")).toBe(0));
  });

  it("are refused with HTTP 503 where no request is named: a notification, an answer, a batch", async () => {
    const fleet = await startFleet({ limits: LIMITS });
    const { backend, gateway } = fleet;
    const running: Exchange[] = [];
    backend.on("tools/call", (exchange) => void running.push(exchange));
    const client = await RawClient.open(gateway.url, "2025-03-26");
    const calls = [1, 2].map((id) => client.post(callOfBytes(900 * KIB, id)));
    await expect.poll(() => running.length).toBe(2);
    const call = callOfBytes(900 * KIB, 7);

    for (const body of [
      call.replace(',"id":7}', "}"),
      call.replace('"method":"tools/call","params"', '"result"'),
      `[${call}]`,
    ]) {
      const { status, headers, text } = await client.post(body);
      expect(status).toBe(503);
      expect(headers).toMatchObject({ "retry-after": "2", "mcp-fleet-not-processed": "true" });
      expect(JSON.parse(text)).not.toHaveProperty("id");
      expect(JSON.parse(text).error.data.error).toBe("TOO_MANY_BYTES");
    }
    for (const exchange of running) exchange.result({ content: [] });
    await Promise.all(calls);
  });

  it("are not held any more once their client has left, or its call is over in a batch", async () => {
    const fleet = await startFleet({ limits: LIMITS });
    const { backend, gateway } = fleet;
    backend.on("tools/call", (exchange) => exchange.result({ content: [] }));
    const client = await RawClient.open(gateway.url, "2025-03-26");
    const framing = `content-length: ${1_000 * KIB}`;
    const socket = sendPart(gateway.url, client.sessionId, framing, "{".padEnd(500 * KIB));
    await eventually(async () => expect(await metric(fleet, "held_body_bytes")).toBe(500 * KIB));
    socket.destroy();
    await eventually(async () => expect(await metric(fleet, "held_body_bytes")).toBe(0));

    const batch = `[${[1, 2, 3].map((id) => callOfBytes(300 * KIB, id))}]`;
    expect((await client.post(batch)).status).toBe(200);
    await eventually(async () => expect(await metric(fleet, "held_body_bytes")).toBe(0));
  });
});

describe.each([
  ["with their length", (bytes: number) => `content-length: ${bytes + 1}`, (text: string) => text],
  [
    "in chunks",
    () => "transfer-encoding: chunked",
    (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`,
  ],
])("12 bodies that stop before their end, %s", (_how, framing, framed) => {
  it.each([
    ["of 60 KiB in a session", true, 60 * KIB],
    ["of 18 KiB without one", false, 18 * KIB],
  ])(
    "%s never hold more than their 128 KiB, and give way to a call",
    async (_what, isInSession, bytes) => {
      const limits = { bodyBytes: "256Ki", heldBodyBytes: "512Ki", queueTimeout: "20s" } as const;
      const fleet = await startFleet({ limits });
      const { backend, client, gateway } = fleet;
      backend.on("tools/call", (exchange) => exchange.result({ content: [] }));
      const sessionId = isInSession ? client.sessionId : undefined;
      const part = framed("{".padEnd(bytes));
      for (let index = 0; index < 12; index += 1) {
        sendPart(gateway.url, sessionId, framing(bytes), part);
      }
      const waiting = () => metric(fleet, "bodies_waiting");
      await eventually(async () => expect(await waiting()).toBeGreaterThan(0));
      expect(await metric(fleet, "held_body_bytes")).toBeLessThanOrEqual(128 * KIB);

      const answers = [1, 2].map((id) => client.post(callOfBytes(60 * KIB, id)));
      for (const answer of await Promise.all(answers)) {
        expect(messageOf(answer)).toHaveProperty("result");
      }
      expect(await metric(fleet, "bodies_refused_total")).toBeGreaterThan(0);
      expect(await metric(fleet, "held_body_bytes")).toBeLessThanOrEqual(128 * KIB);
    },
  );
});

it("8 clients that send 7.9 MB each at once stay within the memory of the plan: /livez and short calls are answered", async () => {
  const { memory, heap } = plan({ sessions: 16, backends: 1, store: "memory" }).gateways;
  const backend = await MeasuredProcess.start([join(ROOT, "testkit/planned/holding-backend.ts")]);
  const configuration = { port: 0, adminPort: 0, backends: [{ name: "one", url: backend.url }] };
  const gateway = await MeasuredProcess.start([join(ROOT, "runtime/cli/main.ts"), "gateway"], {
    ...encode(configuration),
    NODE_OPTIONS: `--max-old-space-size=${heap.value / MIB}`,
  });
  onTestFinished(async () => {
    await gateway.stop();
    await backend.stop();
  });
  const clients = await Promise.all(Array.from({ length: 9 }, () => RawClient.open(gateway.url)));
  const [honest, ...others] = clients;
  let isDone = false;
  const text = "x".repeat(7.9 * MIB);
  const calls = Promise.all(others.map((client) => client.call("one_echo", { text })));
  void calls.finally(() => {
    isDone = true;
  });
  let served = 0;
  while (!isDone) {
    expect((await fetch(`${gateway.adminUrl}/livez`)).status).toBe(200);
    expect((await honest?.call("one_echo", { text: "short" }))?.text).toContain('"result"');
    served += 1;
  }
  for (const { status } of await calls) expect(status).toBe(200);
  expect(served).toBeGreaterThan(0);
  expect(gateway.peakRssBytes).toBeLessThanOrEqual(memory.value);
});
