import type { Configuration } from "@mcp-fleet/contract/settings";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { RawClient } from "../../testkit/clients/raw-client.ts";
import { FleetProcess } from "../../testkit/processes/fleet-process.ts";
import { startRoles } from "../../testkit/processes/gateway.ts";
import { until } from "../../testkit/processes/until.ts";
import { writtenLog } from "../../testkit/processes/written-log.ts";
import { OtlpReceiver, type ReceivedSpan } from "../../testkit/servers/otlp-receiver.ts";
import { ScriptedBackend } from "../../testkit/servers/scripted-backend.ts";

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const SAMPLED = `00-${TRACE}-00f067aa0ba902b7-01`;
const UNSAMPLED = `00-${TRACE}-00f067aa0ba902b7-00`;

let backend: ScriptedBackend;
let collector: OtlpReceiver;

beforeAll(async () => {
  backend = await ScriptedBackend.start();
  backend.on("tools/call", (exchange) => exchange.result({ content: [] }));
  collector = await OtlpReceiver.start();
});

afterAll(async () => {
  collector.close();
  await backend.stop();
});

beforeEach(() => {
  collector.spans.length = 0;
  backend.received.length = 0;
});

const traced = (telemetry: object = {}) => ({
  telemetry: { endpoint: collector.url, tracingEnabled: true, samplingRate: "1", ...telemetry },
});

const configured = (telemetry: object = {}): Configuration => ({
  ...traced(telemetry),
  aggregation: { conflictResolutionConfig: { prefixFormat: "" } },
  backends: [{ name: "one", url: backend.url }],
});

async function gatewayWith(telemetry: object = {}) {
  const [gateway] = await startRoles(configured(telemetry));
  return { gateway, client: await RawClient.open(gateway.url) };
}

const callText = (params: string) =>
  `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":${params}}`;

const called = (spans: readonly ReceivedSpan[]) =>
  spans.filter(({ name }) => name.startsWith("tools/call"));

const callReceived = () => {
  const [one] = backend.of("tools/call");
  if (one === undefined) throw new Error("no call has arrived");
  return one;
};

describe("a call", () => {
  it("is one trace of 4 spans through a gateway and a proxy, and the backend learns its place in it", async () => {
    const proxy = await FleetProcess.start(configured({ serviceName: "proxy" }), "proxy");
    const behind = [{ name: "one", url: proxy.url }];
    const gateway = await FleetProcess.start({ ...configured(), backends: behind }, "gateway");
    try {
      const client = await RawClient.open(gateway.url);
      await client.call("write", { text: "a" });
      await until("4 spans", () => called(collector.spans).length === 4);
      const [first, ...others] = chain(called(collector.spans));
      expect(first?.parentId).toBe("");
      expect(others.map(({ traceId }) => traceId)).toEqual(Array(3).fill(first?.traceId));
      expect([first, ...others].map((span) => [span?.name, span?.kind])).toEqual([
        ["tools/call write", 2],
        ["tools/call write", 3],
        ["tools/call write", 2],
        ["tools/call write", 3],
      ]);
      expect([first, ...others].map((span) => span?.resource["service.name"])).toEqual([
        ...["mcp-fleet", "mcp-fleet"],
        ...["proxy", "proxy"],
      ]);
      const last = others.at(-1);
      const traceparent = `00-${last?.traceId}-${last?.spanId}-01`;
      const { headers, params } = callReceived();
      expect(headers.traceparent).toBe(traceparent);
      expect(params._meta).toEqual({ traceparent });
    } finally {
      await gateway.stop();
      await proxy.stop();
    }
  });

  it("has the standard attributes, ToolHive's older ones and the environment's on its span", async () => {
    const telemetry = {
      environmentVariables: ["NODE_ENV_OF_TEST"],
      customAttributes: { team: "a" },
    };
    const { client } = await gatewayWith(telemetry);
    await client.call("write", {});
    await until("2 spans", () => called(collector.spans).length === 2);
    const [server, outgoing] = chain(called(collector.spans));
    expect(server?.resource).toMatchObject({ team: "a", "mcp_fleet.role": "gateway" });
    expect(server?.attributes).toMatchObject({
      "mcp.method.name": "tools/call",
      "mcp.method": "tools/call",
      "gen_ai.tool.name": "write",
      "mcp.tool.name": "write",
      "gen_ai.operation.name": "execute_tool",
      "jsonrpc.request.id": "1",
      "mcp.protocol.version": "2025-11-25",
      "environment.NODE_ENV_OF_TEST": "",
    });
    expect(server?.attributes["mcp.session.id"]).not.toBe(client.sessionId);
    expect(outgoing?.attributes).toMatchObject({ "mcp.server.name": "one" });
  });

  it("has no older attributes with useLegacyAttributes: false", async () => {
    const { client } = await gatewayWith({ useLegacyAttributes: false });
    await client.call("write", {});
    await until("2 spans", () => called(collector.spans).length === 2);
    const names = called(collector.spans).flatMap(({ attributes }) => Object.keys(attributes));
    expect(
      names.filter((name) => /^(?:mcp\.method|mcp\.tool\.name|rpc\.system)$/.test(name)),
    ).toEqual([]);
  });

  it("goes on in the trace that its client names in _meta, rather than in that of the header", async () => {
    const { client } = await gatewayWith({ samplingRate: "0" });
    const other = SAMPLED.replaceAll("4b", "5c");
    const meta = `{"_meta":{"traceparent":"${SAMPLED}","tracestate":"v=1","x":1.0},"name":"write"}`;
    await client.post(callText(meta), { traceparent: other });
    await until("2 spans", () => called(collector.spans).length === 2);
    expect(called(collector.spans).map(({ traceId }) => traceId)).toEqual([TRACE, TRACE]);
    const { text, headers } = callReceived();
    expect(headers.tracestate).toBe("v=1");
    expect(text).toBe(callText(meta).replace(SAMPLED, headers.traceparent as string));
  });

  it("that is not sampled has no span, and arrives byte for byte with the trace in its header", async () => {
    const { client } = await gatewayWith({ samplingRate: "1" });
    const text = callText(`{"name":"write","arguments":{"n":1.0}}`);
    await client.post(text, { traceparent: UNSAMPLED });
    await client.call("read", {});
    await until("the call after it", () => called(collector.spans).length === 2);
    expect(called(collector.spans).map(({ name }) => name)).toEqual(
      Array(2).fill("tools/call read"),
    );
    const received = callReceived();
    expect(received.text).toBe(text);
    expect(received.headers.traceparent).toMatch(new RegExp(`^00-${TRACE}-[0-9a-f]{16}-00$`));
  });

  it("takes along what telemetry.baggage names of its client's baggage, and nothing else", async () => {
    const { client } = await gatewayWith({ baggage: ["tenant"] });
    await client.post(callText(`{"name":"write"}`), { baggage: "secret=1, tenant=a;p=1,user=b" });
    expect(callReceived().headers.baggage).toBe("tenant=a;p=1");
  });

  it("that fails says so on its span", async () => {
    const { client } = await gatewayWith();
    await client.call("unknown", {});
    await until("a span", () => called(collector.spans).length === 1);
    const [span] = called(collector.spans);
    expect(span?.status).toBe(2);
    expect(span?.attributes["error.type"]).toMatch(/^[A-Z_]+$/);
  });

  it("names its trace in log lines and in the exemplar of call_seconds", async () => {
    const { log, lines } = writtenLog();
    const [gateway] = await startRoles(configured(), { log });
    const client = await RawClient.open(gateway.url);
    await client.post(callText(`{"name":"unknown","_meta":{"traceparent":"${SAMPLED}"}}`));
    await client.post(callText(`{"name":"write","_meta":{"traceparent":"${SAMPLED}"}}`));
    const [failed] = lines.filter(({ msg }) => msg === "request failed");
    expect(failed?.trace_id).toBe(TRACE);
    const metrics = await fetch(`${gateway.adminUrl}/metrics`);
    expect(metrics.headers.get("content-type")).toContain("application/openmetrics-text");
    expect(await metrics.text()).toMatch(
      new RegExp(`mcp_fleet_call_seconds_bucket\\{.*\\} \\d+ # \\{.*trace_id="${TRACE}"`),
    );
  });
});

/** The spans from the first to the last, each the child of the one before. */
function chain(spans: readonly ReceivedSpan[]): ReceivedSpan[] {
  const ids = new Set(spans.map(({ spanId }) => spanId));
  const sorted = spans.filter(({ parentId }) => !ids.has(parentId));
  for (const span of sorted)
    sorted.push(...spans.filter(({ parentId }) => parentId === span.spanId));
  return sorted;
}
