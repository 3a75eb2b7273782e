import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { RawClient } from "../../testkit/clients/raw-client.ts";
import { startRoles } from "../../testkit/processes/gateway.ts";
import { until } from "../../testkit/processes/until.ts";
import { OtlpReceiver } from "../../testkit/servers/otlp-receiver.ts";
import { ScriptedBackend } from "../../testkit/servers/scripted-backend.ts";

let backend: ScriptedBackend;
let collector: OtlpReceiver;

beforeAll(async () => {
  backend = await ScriptedBackend.start();
  backend.on("tools/call", (exchange) => exchange.result({ content: [] }));
});

afterAll(() => backend.stop());

beforeEach(async () => {
  collector = await OtlpReceiver.start();
  return () => collector.close();
});

async function gatewayWith(telemetry: object, environment: Record<string, string> = {}) {
  const [gateway] = await startRoles(
    {
      backends: [{ name: "one", url: backend.url }],
      aggregation: { conflictResolutionConfig: { prefixFormat: "" } },
      telemetry: { endpoint: collector.url, samplingRate: 1, exportTimeout: "200ms", ...telemetry },
    },
    { environment },
  );
  return { gateway, client: await RawClient.open(gateway.url) };
}

const figures = async (adminUrl: string, name: string) =>
  (await (await fetch(`${adminUrl}/metrics`)).text())
    .split("\n")
    .filter((line) => line.startsWith(`mcp_fleet_${name}`));

describe("a collector", () => {
  it("that hangs holds up no call, and the end of the gateway for one export's time", async () => {
    collector.manners = "hangs";
    const { gateway, client } = await gatewayWith({ tracingEnabled: true });
    for (let sent = 0; sent < 5; sent += 1) {
      expect((await client.call("write", {})).status).toBe(200);
    }
    await until("an export that fails", async () => {
      const [line] = await figures(gateway.adminUrl, "telemetry_dropped_total{");
      return line?.includes('signal="traces",reason="failed"') ?? false;
    });
    await gateway.server.close();
  });

  it("that takes nothing costs the spans beyond 512 in the queue, which are counted", async () => {
    collector.manners = "hangs";
    const { gateway, client } = await gatewayWith({
      tracingEnabled: true,
      queuedSpans: 512,
      exportTimeout: "60s",
    });
    for (let sent = 0; sent < 300; sent += 1) await client.call("write", {});
    const [dropped] = await figures(gateway.adminUrl, "telemetry_dropped_total{");
    expect(dropped).toMatch(/signal="traces",reason="queue"\} [1-9]/);
    expect(await figures(gateway.adminUrl, "telemetry_queued_spans")).toEqual([
      "mcp_fleet_telemetry_queued_spans 512",
    ]);
    collector.close();
  });

  it("gets the figures that Prometheus reads, under the same names", async () => {
    const { client } = await gatewayWith({ metricsEnabled: true, exportInterval: "1s" });
    await client.call("write", {});
    await client.call("write", {});
    const measured = (name: string) =>
      collector.metrics.get(`mcp_fleet_${name}`)?.points.map(({ value }) => value);
    await until("2 calls", () => measured("call_seconds")?.[0] === 2);
    const calls = collector.metrics.get("mcp_fleet_calls_total");
    expect(calls?.type).toBe("sum");
    expect(calls?.points).toContainEqual({
      attributes: { method: "tools/call", outcome: "ok" },
      value: 2,
    });
    expect(measured("sessions_cached")).toEqual([1]);
    expect(collector.requests.every(({ path }) => path === "/v1/metrics")).toBe(true);
  });

  it("gets the headers of the configuration and of the environment", async () => {
    const { client } = await gatewayWith(
      { tracingEnabled: true, headers: { "x-one": "1" }, headersEnv: { authorization: "TOKEN" } },
      { TOKEN: "Bearer a" },
    );
    await client.call("write", {});
    await until("a request", () => collector.requests.length > 0);
    expect(collector.requests[0]?.headers).toMatchObject({
      "x-one": "1",
      authorization: "Bearer a",
      "content-type": "application/x-protobuf",
    });
  });
});

describe("Prometheus", () => {
  it("finds metrics at a port of their own, and at that of clients where that is asked for", async () => {
    const [gateway] = await startRoles({
      backends: [{ name: "one", url: backend.url }],
      telemetry: {
        enablePrometheusMetricsPath: true,
        prometheusPort: 0,
        metricsOnTransportPort: true,
      },
    });
    for (const url of [gateway.metricsUrl ?? "", new URL(gateway.url).origin]) {
      expect(await (await fetch(`${url}/metrics`)).text()).toContain("mcp_fleet_sessions_cached");
    }
  });
});
