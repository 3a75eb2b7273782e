import { describe, expect, it } from "vitest";
import type { RawClient } from "../../testkit/clients/raw-client.ts";
import { startPods } from "../../testkit/processes/pod-fleet.ts";
import {
  callOf,
  type FleetOptions,
  messageOf,
  type ScriptedFleet,
  startFleet,
  textOf,
} from "../../testkit/processes/scripted-fleet.ts";
import type { Exchange } from "../../testkit/servers/scripted-exchange.ts";
import { eventually } from "../../testkit/vitest/eventually.ts";

/** One that opens after 3 failures and stays so for the rest of a test, unless that says otherwise. */
const breaker = (more: object = {}) => ({
  failureHandling: {
    healthCheckInterval: "1h",
    circuitBreaker: { enabled: true, failureThreshold: 3, timeout: "1h", ...more },
  },
});

const start = (options: FleetOptions = {}) => startFleet({ operational: breaker(), ...options });

/** What calls come to, one after another: the tool's text, or the name of the error. */
async function outcomes(client: RawClient, times: number): Promise<unknown[]> {
  const all = [];
  for (let count = 0; count < times; count += 1) {
    const answer = await client.post(callOf("write"));
    const { error } = messageOf(answer);
    const data: { error?: string } = Object(error?.data);
    all.push(error === undefined ? textOf(answer) : (data.error ?? error.code));
  }
  return all;
}

const rowOf = async ({ gateway }: Pick<ScriptedFleet, "gateway">) =>
  (await gateway.server.status()).backends[0];

const metricsOf = async ({ gateway }: ScriptedFleet) =>
  await (await fetch(`${gateway.adminUrl}/metrics`)).text();

/** What counts as a failure, and what a client hears of it. */
const FAILURES: readonly [string, string, (exchange: Exchange) => void][] = [
  ["HTTP 500", "OUTCOME_UNKNOWN", (exchange) => exchange.status(500)],
  ["a broken connection", "OUTCOME_UNKNOWN", (exchange) => exchange.reset()],
  [
    "a stream without an answer",
    "OUTCOME_UNKNOWN",
    (exchange) => {
      exchange.begin();
      exchange.end();
    },
  ],
];

describe("a backend's circuit breaker", () => {
  it.each(FAILURES)(
    "opens after 3 times %s: the other 5 of 8 calls do not reach it",
    async (_how, error, script) => {
      const fleet = await start();
      await fleet.client.post(callOf("write"));
      fleet.backend.on("tools/call", script);
      expect(await outcomes(fleet.client, 8)).toEqual([
        ...Array<string>(3).fill(error),
        ...Array<string>(5).fill("BACKEND_CIRCUIT_OPEN"),
      ]);
      expect(fleet.backend.count("tools/call")).toBe(4);
    },
  );

  it("opens after 3 calls that were not answered in time, also for those that wait for a place behind them", async () => {
    const fleet = await start({ limits: { callTimeout: "500ms", upstreamConnections: 3 } });
    fleet.backend.on("tools/call", () => {});
    const calls = [1, 2, 3].map((id) => fleet.client.post(callOf("write", id)));
    await eventually(() => expect(fleet.backend.count("tools/call")).toBe(3));
    const errors = (await Promise.all(calls)).map((answer) => messageOf(answer).error?.data);
    expect(errors).toMatchObject(Array(3).fill({ error: "BACKEND_TIMEOUT" }));
    expect(await outcomes(fleet.client, 2)).toEqual(Array(2).fill("BACKEND_CIRCUIT_OPEN"));
    expect(fleet.backend.count("tools/call")).toBe(3);
  });

  it("answers under HTTP 200, with the seconds until it may be tried, in the session that goes on", async () => {
    const fleet = await start();
    fleet.backend.on("tools/call", (exchange) => exchange.status(500));
    await outcomes(fleet.client, 3);
    const answer = await fleet.client.post(callOf("write", 7));
    const { error } = messageOf(answer);
    const data: { retryAfterSeconds?: number } = Object(error?.data);
    expect([answer.status, error?.code]).toEqual([200, -32000]);
    expect(data).toMatchObject({ error: "BACKEND_CIRCUIT_OPEN", backend: "scripted" });
    expect(data.retryAfterSeconds).toBeGreaterThan(3_500);
    expect(data.retryAfterSeconds).toBeLessThanOrEqual(4_500);
    expect(answer.headers["retry-after"]).toBe(String(data.retryAfterSeconds));
    expect((await fleet.client.post('{"jsonrpc":"2.0","id":8,"method":"ping"}')).status).toBe(200);
  });

  it("stays closed with 10 errors of a tool, 10 refusals with 403 and 10 calls that were cancelled", async () => {
    const fleet = await start();
    fleet.backend.on("tools/call", (exchange) => exchange.error(-32000, "no such file"));
    expect(await outcomes(fleet.client, 10)).toEqual(Array(10).fill(-32000));
    fleet.backend.on("tools/call", (exchange) => exchange.status(403));
    expect(await outcomes(fleet.client, 10)).toEqual(Array(10).fill("BACKEND_REFUSED"));
    fleet.backend.on("tools/call", () => {});
    const before = fleet.backend.count("tools/call");
    for (let id = 1; id <= 10; id += 1) {
      const call = fleet.client.post(callOf("write", id));
      await eventually(() => expect(fleet.backend.count("tools/call")).toBe(before + id));
      const params = { requestId: id };
      const method = "notifications/cancelled";
      await fleet.client.post(JSON.stringify({ jsonrpc: "2.0", method, params }));
      await call;
    }
    fleet.backend.on("tools/call", (exchange) => fleet.backend.behave(exchange));
    expect(await outcomes(fleet.client, 1)).toEqual(["write for raw"]);
    expect(await rowOf(fleet)).toMatchObject({ circuit: "closed", health: "healthy" });
  });

  it("lets 1 of 4 calls try the backend when its time is over, and closes with it", async () => {
    const fleet = await start({ operational: breaker({ timeout: "200ms" }) });
    fleet.backend.on("tools/call", (exchange) => exchange.status(500));
    await outcomes(fleet.client, 3);
    const held: Exchange[] = [];
    fleet.backend.on("tools/call", (exchange) => void held.push(exchange));
    await eventually(async () => expect((await rowOf(fleet))?.circuit).toBe("half-open"));
    const probe = fleet.client.post(callOf("write", 1));
    await eventually(() => expect(held).toHaveLength(1));
    const others = [2, 3, 4].map((id) => fleet.client.post(callOf("write", id)));
    for (const answer of await Promise.all(others)) {
      expect(messageOf(answer).error?.data).toMatchObject({ error: "BACKEND_CIRCUIT_OPEN" });
    }
    expect(held).toHaveLength(1);
    held[0]?.result({ content: [] });
    expect(messageOf(await probe)).toHaveProperty("result");
    expect((await rowOf(fleet))?.circuit).toBe("closed");
  });

  it("is in /status, the metrics and the health of the backend while it is open", async () => {
    const fleet = await start();
    const pod = new URL(fleet.backend.url).host;
    expect(await metricsOf(fleet)).toContain(
      `mcp_fleet_circuit_state{backend="scripted",pod="${pod}"} 0`,
    );
    fleet.backend.on("tools/call", (exchange) => exchange.status(500));
    await outcomes(fleet.client, 3);
    expect(await rowOf(fleet)).toMatchObject({ state: "up", circuit: "open", health: "unhealthy" });
    const metrics = await metricsOf(fleet);
    expect(metrics).toContain(`mcp_fleet_circuit_state{backend="scripted",pod="${pod}"} 2`);
    expect(metrics).toContain(`mcp_fleet_circuit_opened_total{backend="scripted",pod="${pod}"} 1`);
    expect(metrics).toContain('mcp_fleet_backend_health{backend="scripted",health="unhealthy"} 1');
    expect(metrics).toContain('mcp_fleet_backend_health{backend="scripted",health="healthy"} 0');
  });

  it("is not there where it is not enabled: 20 failures are 20 calls that reach the backend", async () => {
    const fleet = await startFleet();
    fleet.backend.on("tools/call", (exchange) => exchange.status(500));
    expect(await outcomes(fleet.client, 20)).toEqual(Array(20).fill("OUTCOME_UNKNOWN"));
    expect(fleet.backend.count("tools/call")).toBe(20);
    expect(await rowOf(fleet)).not.toHaveProperty("circuit");
    expect(await metricsOf(fleet)).not.toContain("mcp_fleet_circuit_state{");
  });
});

describe("with 2 pods, of which 1 fails every call with HTTP 500, its breaker opens after 3", () => {
  const pods = (stateful: boolean) =>
    startPods({
      role: "gateway",
      pods: 2,
      backend: { stateful },
      operational: breaker(),
    });

  it("and a session without state goes on at the other one", async () => {
    const fleet = await pods(false);
    const client = await fleet.open();
    await outcomes(client, 1);
    fleet.pods[0]?.on("tools/call", (exchange) => exchange.status(500));
    expect(await outcomes(client, 5)).toEqual([
      ...Array<string>(3).fill("OUTCOME_UNKNOWN"),
      ...Array<unknown>(2).fill(fleet.names[1]),
    ]);
  });

  it("and a session with state stays, refused, while new ones are opened at the other one", async () => {
    const fleet = await pods(true);
    const client = await fleet.open();
    await outcomes(client, 1);
    fleet.pods[0]?.on("tools/call", (exchange) => exchange.status(500));
    expect((await outcomes(client, 5)).slice(3)).toEqual(Array(2).fill("BACKEND_CIRCUIT_OPEN"));
    const others = [await fleet.open(), await fleet.open()];
    for (const other of others) expect(await outcomes(other, 1)).toEqual([fleet.names[1]]);
    const [row] = (await fleet.processes[0]?.server.status())?.backends ?? [];
    expect(row?.health).toBe("degraded");
    expect(row?.pods?.map(({ circuit }) => circuit)).toEqual(["open", "closed"]);
  });
});

describe("the health of a backend in /status", () => {
  it.each([401, 403])("is unauthenticated where it answers %s", async (status) => {
    const fleet = await startFleet({
      prepare: (backend) => backend.on("initialize", (exchange) => exchange.status(status)),
    });
    await eventually(async () => {
      expect(await rowOf(fleet)).toMatchObject({ state: "down", health: "unauthenticated" });
    });
    fleet.backend.on("initialize", (exchange) => fleet.backend.behave(exchange));
    await eventually(async () => expect((await rowOf(fleet))?.health).toBe("healthy"));
  });

  it("is degraded while its last lists still stand, for 4 failed checks, then unhealthy, and they leave the lists", async () => {
    const fleet = await startFleet({
      operational: { failureHandling: { healthCheckInterval: "300ms", unhealthyThreshold: 4 } },
    });
    await eventually(async () => {
      expect(await rowOf(fleet)).toMatchObject({ state: "up", health: "healthy", tools: 3 });
    });
    const stoppedAtMs = performance.now();
    await fleet.backend.stop();
    await eventually(async () => expect((await rowOf(fleet))?.state).toBe("failing"));
    await eventually(async () => {
      expect(await rowOf(fleet)).toMatchObject({ state: "down", health: "unhealthy", tools: 0 });
    });
    // The last answer may be as old as one interval when the backend stops.
    expect(performance.now() - stoppedAtMs).toBeGreaterThan(3 * 300);
  });
});
