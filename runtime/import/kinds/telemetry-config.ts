import type { Section } from "@mcp-fleet/contract";
import type { Given } from "../given.ts";
import type { Field, Reading } from "../reading.ts";

/** `telemetry` of a vmcp.yaml, from an MCPTelemetryConfig and the reference to it. */
export function telemetryOf(given: Given, from: Reading, field: Field): Section | undefined {
  const config = given.follow(from, field, "MCPTelemetryConfig", {
    topic: "telemetry",
    why: "where telemetry goes is unknown",
    fix: "",
  });
  if (config === undefined) return undefined;
  config.taken("spec");
  const serviceName = from.section(field)?.serviceName;
  const open = config.section("spec.openTelemetry") ?? {};
  const tracing = config.section("spec.openTelemetry.tracing") ?? {};
  const metrics = config.section("spec.openTelemetry.metrics") ?? {};
  const { tracing: _tracing, metrics: _metrics, enabled, ...rest } = open;
  const isOn = enabled !== false && Object.keys(open).length > 0;
  const scraped = config.at("spec.prometheus.enabled") === true;
  return {
    ...(isOn && {
      ...rest,
      ...(serviceName !== undefined && { serviceName }),
      tracingEnabled: tracing.enabled === true,
      metricsEnabled: metrics.enabled === true,
      ...(tracing.samplingRate !== undefined && { samplingRate: tracing.samplingRate }),
    }),
    ...(scraped && { enablePrometheusMetricsPath: true }),
  };
}
