import { describe, expect, it, onTestFinished } from "vitest";
import { RawClient } from "../../testkit/clients/raw-client.ts";
import { startGateway } from "../../testkit/processes/gateway.ts";
import { ScriptedBackend } from "../../testkit/servers/scripted-backend.ts";
import type { Exchange } from "../../testkit/servers/scripted-exchange.ts";

type Limits = NonNullable<Parameters<typeof startGateway>[0]["limits"]>;

/** A gateway before a backend whose calls wait until they are let go. */
async function start(limits: Limits) {
  const backend = await ScriptedBackend.start();
  const running: Exchange[] = [];
  backend.on("tools/call", (exchange) => void running.push(exchange));
  const gateway = await startGateway({ backends: [{ name: "one", url: backend.url }], limits });
  onTestFinished(async () => {
    await gateway.close();
    await backend.stop();
  });
  let id = 0;
  const call = async (client: RawClient) => {
    id += 1;
    const params = { name: "one_write", arguments: {} };
    const body = { jsonrpc: "2.0", id, method: "tools/call", params };
    const { status, text } = await client.post(JSON.stringify(body));
    return { status, ...JSON.parse(text) };
  };
  const metrics = async () => await (await fetch(`${gateway.adminUrl}/metrics`)).text();
  const letGo = (count: number) => {
    for (const exchange of running.splice(0, count)) exchange.result({ content: [] });
  };
  const open = () => RawClient.open(gateway.url);
  return { running, call, metrics, letGo, open };
}

const waiting = (limit: string, count: number, backend = "") =>
  `mcp_fleet_calls_waiting{limit="${limit}",backend="${backend}"} ${count}`;

describe("calls in flight", () => {
  it("are 2 of 3 calls of a session that has 2 places; another session has 2 of its own", async () => {
    const { running, call, metrics, letGo, open } = await start({ callsPerSession: 2 });
    const [greedy, other] = [await open(), await open()];
    const calls = [1, 2, 3].map(() => call(greedy));
    await expect.poll(metrics).toContain(waiting("session", 1));
    await expect.poll(() => running.length).toBe(2);
    const others = [1, 2].map(() => call(other));
    await expect.poll(() => running.length).toBe(4);
    letGo(4);
    await expect.poll(() => running.length).toBe(1);
    letGo(1);
    for (const answer of await Promise.all([...calls, ...others])) {
      expect(answer).toHaveProperty("result");
    }
    expect(await metrics()).toContain(waiting("session", 0));
  });

  it("beyond the place and the queue of 1 are refused in the session, by name; the session goes on", async () => {
    const { running, call, metrics, letGo, open } = await start({
      callsPerSession: 1,
      queuedCalls: 1,
    });
    const client = await open();
    const first = call(client);
    await expect.poll(() => running.length).toBe(1);
    const second = call(client);
    await expect.poll(metrics).toContain(waiting("session", 1));
    const refused = await call(client);
    expect(refused).toMatchObject({
      status: 200,
      error: { code: -32000, data: { error: "TOO_MANY_CALLS", limit: "session" } },
    });
    expect(refused.error.message).toContain("limits.callsPerSession");
    letGo(1);
    await expect.poll(() => running.length).toBe(1);
    letGo(1);
    expect(await Promise.all([first, second])).toMatchObject([{ status: 200 }, { status: 200 }]);
    expect(await metrics()).toContain(
      'mcp_fleet_calls_refused_total{limit="session",backend=""} 1',
    );
  });

  it("wait for a place at a backend with 1, and are refused after the queue's time without having run", async () => {
    const { running, call, letGo, open } = await start({
      upstreamConnections: 1,
      queueTimeout: "300ms",
    });
    const [one, other] = [await open(), await open()];
    const first = call(one);
    await expect.poll(() => running.length).toBe(1);
    const late = await call(other);
    expect(late.error.data).toMatchObject({ error: "TOO_MANY_CALLS", limit: "backend" });
    expect(running).toHaveLength(1);
    letGo(1);
    expect(await first).toHaveProperty("result");
  });

  it("leave the queue when they are cancelled, and 0 of them runs", async () => {
    const { running, call, metrics, letGo, open } = await start({ upstreamConnections: 1 });
    const [one, other] = [await open(), await open()];
    const first = call(one);
    await expect.poll(() => running.length).toBe(1);
    const params = { name: "one_write", arguments: {} };
    const body = { jsonrpc: "2.0", id: "late", method: "tools/call", params };
    const waits = other.post(JSON.stringify(body));
    await expect.poll(metrics).toContain(waiting("backend", 1, "one"));
    const cancel = { jsonrpc: "2.0", method: "notifications/cancelled" };
    await other.post(JSON.stringify({ ...cancel, params: { requestId: "late" } }));
    await waits;
    expect(await metrics()).toContain(waiting("backend", 0, "one"));
    letGo(1);
    await first;
    expect(running).toHaveLength(0);
  });
});
