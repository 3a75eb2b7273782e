import { readFileSync } from "node:fs";
import { ConfigError, fault } from "@mcp-fleet/contract";
import {
  HEADER_VALUE,
  HEADER_VALUE_RULE,
  type TelemetrySettings,
} from "@mcp-fleet/contract/settings";
import type { PushMetricExporter } from "@opentelemetry/sdk-metrics";
import type { SpanExporter } from "@opentelemetry/sdk-trace-base";
import type { Metrics } from "../telemetry/metrics.ts";
import { counted, type Exporter } from "./counted-exporter.ts";

export interface ExportersParts {
  readonly telemetry: TelemetrySettings;
  readonly metrics: Metrics;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** What sends to the collector; only the packages of its protocol are loaded. */
export interface Exporters {
  spans(): SpanExporter;
  metrics(): PushMetricExporter;
}

/** One at a time, and one that waits: a collector that hangs holds no more than that. */
const CONCURRENT_EXPORTS = 2;

/** @throws {ConfigError} where a certificate or a header's variable cannot be read. */
export async function openExporters(parts: ExportersParts): Promise<Exporters> {
  const { telemetry, metrics } = parts;
  const headers = { ...telemetry.headers, ...variables(parts) };
  const ca = telemetry.caCertPath === undefined ? undefined : certificates(telemetry.caCertPath);
  const common = {
    timeoutMillis: telemetry.exportTimeoutSeconds * 1000,
    concurrencyLimit: CONCURRENT_EXPORTS,
  };
  const kept = <Made extends Exporter>(signal: "traces" | "metrics", made: Made) =>
    counted(made, signal, metrics);
  if (telemetry.protocol === "grpc") {
    const [{ credentials, Metadata }, traces, figures] = await Promise.all([
      import("@grpc/grpc-js"),
      import("@opentelemetry/exporter-trace-otlp-grpc"),
      import("@opentelemetry/exporter-metrics-otlp-grpc"),
    ]);
    const metadata = new Metadata();
    for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
    const isPlain = telemetry.endpoint.startsWith("http:");
    const options = () => ({
      ...common,
      url: telemetry.endpoint,
      metadata: metadata.clone(),
      credentials: isPlain ? credentials.createInsecure() : credentials.createSsl(ca ?? null),
    });
    return {
      spans: () => kept("traces", new traces.OTLPTraceExporter(options())),
      metrics: () => kept("metrics", new figures.OTLPMetricExporter(options())),
    };
  }
  const [traces, figures] = await Promise.all([
    import("@opentelemetry/exporter-trace-otlp-proto"),
    import("@opentelemetry/exporter-metrics-otlp-proto"),
  ]);
  const options = (path: string) => ({
    ...common,
    url: telemetry.endpoint + path,
    headers,
    ...(ca && { httpAgentOptions: { ca } }),
  });
  return {
    spans: () => kept("traces", new traces.OTLPTraceExporter(options("/v1/traces"))),
    metrics: () => kept("metrics", new figures.OTLPMetricExporter(options("/v1/metrics"))),
  };
}

function variables({ telemetry, environment }: ExportersParts): Record<string, string> {
  const faults = [];
  const values: Record<string, string> = {};
  for (const [header, name] of Object.entries(telemetry.headersEnv)) {
    const value = environment[name]?.trim();
    if (value !== undefined && HEADER_VALUE.test(value)) {
      values[header] = value;
      continue;
    }
    const rule =
      value === undefined ? `must be set: the header ${header} is read from it` : HEADER_VALUE_RULE;
    faults.push(fault([name], undefined, rule, `set it, or remove telemetry.headersEnv.${header}`));
  }
  if (faults.length > 0) throw new ConfigError(faults);
  return values;
}

function certificates(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    const rule = `must be a file with certificates: ${(cause as Error).message}`;
    const fix = "mount the file, or remove it to trust the certificates of the system";
    throw new ConfigError([fault(["telemetry", "caCertPath"], path, rule, fix)]);
  }
}
