import type { Configuration } from "@mcp-fleet/contract/settings";
import { request } from "undici";
import { describe, expect, it, onTestFinished } from "vitest";
import { RawClient } from "../testkit/clients/raw-client.ts";
import { FleetProcess } from "../testkit/processes/fleet-process.ts";
import {
  callOf,
  configurationFor,
  messageOf,
  textOf,
} from "../testkit/processes/scripted-fleet.ts";
import { ScriptedBackend } from "../testkit/servers/scripted-backend.ts";
import { textResult } from "../testkit/servers/scripted-exchange.ts";
import { eventually } from "../testkit/vitest/eventually.ts";
import { refusesConnections } from "../testkit/vitest/refuses-connections.ts";

interface Draining {
  readonly gateway: FleetProcess;
  readonly backend: ScriptedBackend;
}

async function run(rest: Omit<Configuration, "backends"> = {}): Promise<Draining> {
  const backend = await ScriptedBackend.start();
  onTestFinished(() => backend.stop());
  const gateway = await FleetProcess.start(configurationFor(backend.url, rest));
  onTestFinished(() => gateway.stop());
  return { backend, gateway };
}

async function unready(gateway: FleetProcess): Promise<void> {
  await eventually(async () => {
    const { statusCode, body } = await request(`${gateway.adminUrl}/readyz`);
    await body.dump();
    expect(statusCode).toBe(503);
  });
}

describe("a gateway that drains", () => {
  it("lets a call finish that 5 progress messages keep alive for 2 s longer than its callTimeout of 4 s", async () => {
    const { gateway, backend } = await run({
      limits: { callTimeout: "4s" },
      drain: { linger: "1s" },
    });
    backend.on("tools/call", async (exchange) => {
      exchange.begin();
      for (let progress = 1; progress <= 5; progress += 1) {
        const params = { progressToken: "p", progress };
        await exchange.event({ jsonrpc: "2.0", method: "notifications/progress", params });
        await new Promise((resolve) => setTimeout(resolve, 1_200));
      }
      await exchange.event(JSON.parse(exchange.resultText(textResult("after 6 s"))));
      exchange.end();
    });
    const client = await RawClient.open(gateway.url);
    const stream = await client.stream(callOf("write", 1, { meta: { progressToken: "p" } }));
    gateway.signal("SIGTERM");
    const messages: string[] = [];
    for (let text = await stream.next(); text !== undefined; text = await stream.next()) {
      messages.push(text);
    }
    expect(messages).toHaveLength(6);
    expect(messages.at(-1)).toContain("after 6 s");
    expect(await gateway.exited).toBe(0);
  });

  it("is unready and serves on for its linger of 10 s with Connection: close, then listens no more", async () => {
    const { gateway } = await run();
    const client = await RawClient.open(gateway.url);
    gateway.signal("SIGTERM");
    await unready(gateway);

    const call = await client.post(callOf("write"));
    expect(textOf(call)).toBe("write for raw");
    expect(call.headers.connection).toBe("close");
    await refusesConnections(gateway.url);
    expect(await gateway.exited).toBe(0);
  });

  it("tells clients to let connections go that are idle for a second less than it lingers: 9 of 10 s", async () => {
    const { gateway } = await run();
    const client = await RawClient.open(gateway.url);
    const { headers } = await client.post(callOf("write"));
    expect([headers.connection, headers["keep-alive"]]).toEqual(["keep-alive", "timeout=9"]);
    gateway.signal("SIGINT");
    expect(await gateway.exited).toBe(0);
  });

  it("refuses a session that could only end with it: 503 DRAINING with Retry-After", async () => {
    const { gateway } = await run({ drain: { linger: "1m" } });
    gateway.signal("SIGTERM");
    await unready(gateway);
    const client = new RawClient(gateway.url);
    const answer = await client.initialize({ protocolVersion: "2025-11-25" });
    expect(answer.status).toBe(503);
    expect(answer.headers["retry-after"]).toBe("2");
    expect(messageOf(answer).error?.data).toMatchObject({ error: "DRAINING" });
  });

  it("ends a client's stream with a retry of 0.5 to 1.5 s when its listener closes", async () => {
    const { gateway } = await run({ drain: { linger: "100ms" } });
    const client = await RawClient.open(gateway.url);
    const { body } = await request(gateway.url, {
      headers: { accept: "text/event-stream", "mcp-session-id": client.sessionId ?? "" },
    });
    gateway.signal("SIGTERM");
    const retryMs = Number(/^retry: (\d+)$/m.exec(await body.text())?.[1]);
    expect(retryMs).toBeGreaterThanOrEqual(500);
    expect(retryMs).toBeLessThanOrEqual(1_500);
    expect(await gateway.exited).toBe(0);
  });

  it("says at a second SIGTERM that it cut 2 calls, which get OUTCOME_UNKNOWN, and exits with 1", async () => {
    const { gateway, backend } = await run({ drain: { linger: "100ms" } });
    backend.on("tools/call", () => {});
    const client = await RawClient.open(gateway.url);
    const calls = [client.post(callOf("write", 1)), client.post(callOf("write", 2))];
    await eventually(() => expect(backend.count("tools/call")).toBe(2));
    gateway.signal("SIGTERM");
    await refusesConnections(gateway.url);
    gateway.signal("SIGTERM");
    for (const answer of await Promise.all(calls)) {
      expect(messageOf(answer).error?.data).toMatchObject({ error: "OUTCOME_UNKNOWN" });
    }
    expect(await gateway.exited).toBe(1);
    const cut =
      gateway.lines.find((line) => line.includes('"calls in flight are cut off"')) ?? "{}";
    expect(JSON.parse(cut).calls).toEqual({ scripted: 2 });
  });
});
