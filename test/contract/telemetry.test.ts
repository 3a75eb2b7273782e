import { ConfigError } from "@mcp-fleet/contract";
import { type Configuration, validate } from "@mcp-fleet/contract/settings";
import { describe, expect, it } from "vitest";

const settingsWith = (telemetry: Configuration["telemetry"]) =>
  validate({ backends: [{ name: "a", url: "http://a/mcp" }], telemetry });

function faultsOf(telemetry: object): string[] {
  try {
    settingsWith(telemetry);
  } catch (error) {
    if (error instanceof ConfigError)
      return error.faults.map(({ path, rule }) => `${path} ${rule}`);
    throw error;
  }
  return [];
}

describe("telemetry", () => {
  it("of ToolHive's example samples 5 % over https, and is named after the gateway", () => {
    const { telemetry } = settingsWith({ endpoint: "otel:4318", tracingEnabled: true });
    expect(telemetry).toMatchObject({
      endpoint: "https://otel:4318",
      protocol: "http/protobuf",
      serviceName: "mcp-fleet",
      tracing: { samplingRatio: 0.05, queuedSpans: 2048 },
      exportTimeoutSeconds: 10,
    });
    expect(telemetry?.metrics).toBeUndefined();
  });

  it.each([
    ["otel:4318", true, "http://otel:4318"],
    ["http://otel:4318/", false, "http://otel:4318"],
    ["https://otel/base", true, "https://otel/base"],
  ])("at %s with insecure: %s is at %s", (endpoint, insecure, url) => {
    const { telemetry } = settingsWith({ endpoint, insecure, metricsEnabled: true });
    expect(telemetry?.endpoint).toBe(url);
  });

  it("is off without an endpoint, and then says where Prometheus finds the metrics: at 9464", () => {
    const settings = settingsWith({ enablePrometheusMetricsPath: true });
    expect(settings.telemetry).toBeUndefined();
    expect(settings.metricsPort).toBe(9464);
    expect(settings.metricsOnMcpPort).toBeUndefined();
  });

  it("says what is wrong with 4 values at once", () => {
    expect(
      faultsOf({
        endpoint: "otel 4318",
        tracingEnabled: true,
        samplingRate: "5 %",
        environmentVariables: ["$HOME"],
        queuedSpans: 1,
      }),
    ).toEqual([
      "telemetry.endpoint must be a host with a port, or an http or https URL",
      "telemetry.samplingRate must be a share from 0 to 1",
      "telemetry.environmentVariables[0] must be the name of an environment variable",
      expect.stringContaining("telemetry.queuedSpans"),
    ]);
  });

  it("is refused with an endpoint that gets nothing, and with signals that go nowhere", () => {
    expect(faultsOf({ endpoint: "otel:4318" })).toEqual([
      "telemetry.endpoint must be absent unless tracingEnabled or metricsEnabled is true",
    ]);
    expect(faultsOf({ tracingEnabled: true })).toEqual([
      "telemetry.endpoint is required with tracingEnabled",
    ]);
  });
});
