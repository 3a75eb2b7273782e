import { describe, expect, it, onTestFinished } from "vitest";
import { MemoryStore } from "../../runtime/store/memory/memory-store.ts";
import { RawClient } from "../../testkit/clients/raw-client.ts";
import { countOperations } from "../../testkit/processes/counted-store.ts";
import { startGateway, startRoles } from "../../testkit/processes/gateway.ts";
import { hasRedis, RedisProcess } from "../../testkit/processes/redis.ts";
import { until } from "../../testkit/processes/until.ts";
import { OtlpReceiver } from "../../testkit/servers/otlp-receiver.ts";
import { ScriptedBackend } from "../../testkit/servers/scripted-backend.ts";

async function start(samplingRate: string) {
  const backend = await ScriptedBackend.start();
  backend.on("tools/call", (exchange) => exchange.result({ content: [] }));
  const collector = await OtlpReceiver.start();
  onTestFinished(async () => {
    collector.close();
    await backend.stop();
  });
  const telemetry = { endpoint: collector.url, tracingEnabled: true, samplingRate };
  const aggregation = { conflictResolutionConfig: { prefixFormat: "" } };
  const backends = [{ name: "one", url: backend.url }];
  return { collector, backend, configuration: { backends, aggregation, telemetry } };
}

describe.skipIf(!hasRedis)("a call of a session that another gateway has opened", () => {
  it("has the restore of the session and the store's operations in its trace", async () => {
    const redis = await RedisProcess.server();
    onTestFinished(() => redis.stop());
    const { collector, configuration } = await start("1");
    const sessionStorage = { provider: "redis", address: `127.0.0.1:${redis.port}` } as const;
    const one = await startGateway({ ...configuration, sessionStorage });
    const other = await startGateway({ ...configuration, sessionStorage });
    onTestFinished(async () => {
      await one.close();
      await other.close();
    });
    const client = await RawClient.open(one.url);
    collector.spans.length = 0;
    expect((await client.at(other.url).call("write", {})).status).toBe(200);
    const named = (pattern: RegExp) => collector.spans.filter(({ name }) => pattern.test(name));
    await until("the call", () => named(/^tools\/call/).length === 2);
    const call = named(/^tools\/call/).find(({ kind }) => kind === 2);
    const [restore] = named(/^session restore$/);
    expect(restore).toMatchObject({ traceId: call?.traceId, parentId: call?.spanId });
    expect(restore?.startNanos).toBeGreaterThanOrEqual(call?.startNanos ?? 0n);
    const operations = named(/^store /).filter(({ traceId }) => traceId === call?.traceId);
    expect(operations.length).toBeGreaterThan(0);
  });
});

describe("with 1 % of the calls sampled", () => {
  it("50 calls of a cached session ask the store for nothing", async () => {
    const { backend, configuration } = await start("0.01");
    const { store, operations } = countOperations(new MemoryStore());
    const [gateway] = await startRoles(configuration, { store });
    const client = await RawClient.open(gateway.url);
    await client.call("write", {});
    const before = operations.length;
    for (let sent = 0; sent < 50; sent += 1) {
      expect((await client.call("write", {})).status).toBe(200);
    }
    // Once in a while, a process looks for sessions that have expired, whatever calls do.
    const caused = operations.slice(before).filter((name) => name !== "sessions.takeExpired");
    expect(caused).toEqual([]);
    expect(backend.count("tools/call")).toBe(51);
  });
});

describe("the limits of a gateway", () => {
  it("stand beside what is measured against them", async () => {
    const { configuration } = await start("0");
    const session = { maxSessions: 123 };
    const [gateway] = await startRoles({ ...configuration, session });
    const text = await (await fetch(`${gateway.adminUrl}/metrics`)).text();
    expect(text).toContain('mcp_fleet_limit{setting="session.maxSessions"} 123');
    expect(text).toContain("mcp_fleet_change_lag_seconds 0");
    expect(text).not.toContain("mcp_fleet_drain_seconds_left{");
  });
});
