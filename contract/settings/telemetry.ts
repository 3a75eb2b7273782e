import * as z from "zod";
import { count, duration, labels, matching, port, text } from "./fields.ts";

/** How traces and metrics leave the process. */
export interface TelemetrySettings {
  /** With its scheme, without the path of a signal. */
  readonly endpoint: string;
  readonly protocol: OtlpProtocol;
  readonly serviceName: string;
  /** Absent: that of the program. */
  readonly serviceVersion?: string;
  /** Absent: no traces. */
  readonly tracing?: {
    /** The share of the traces that begin here, from 0 to 1. */
    readonly samplingRatio: number;
    /** Members of the header `baggage` that go to backends. */
    readonly baggage: readonly string[];
    /** Spans that wait to be sent. */
    readonly queuedSpans: number;
    readonly environmentVariables: readonly string[];
    readonly useLegacyAttributes: boolean;
  };
  /** Absent: no metrics. Prometheus reads them in any case. */
  readonly metrics?: { readonly exportIntervalSeconds: number };
  readonly headers: Readonly<Record<string, string>>;
  /** Names of environment variables, by header. */
  readonly headersEnv: Readonly<Record<string, string>>;
  /** Absent: the certificates of the system. */
  readonly caCertPath?: string;
  readonly exportTimeoutSeconds: number;
  readonly customAttributes: Readonly<Record<string, string>>;
}

const PROTOCOLS = ["http/protobuf", "grpc"] as const;

/** OTLP over what, in the words of OTEL_EXPORTER_OTLP_PROTOCOL. */
export type OtlpProtocol = (typeof PROTOCOLS)[number];

/** ToolHive's, where a configuration says nothing. */
export const SAMPLING_RATE = "0.05";

/** Where ToolHive serves metrics to Prometheus: OpenTelemetry's own port for it. */
export const PROMETHEUS_PORT = 9464;

/** The default and the largest number of spans that wait to be sent. */
export const QUEUED_SPANS = { default: 2048, max: 65_536 };

const samplingRate = z
  .union([z.string(), z.number()], { error: "must be a share from 0 to 1" })
  .transform((input, report) => {
    const share = typeof input === "string" && input.trim() === "" ? Number.NaN : Number(input);
    if (share >= 0 && share <= 1) return share;
    const params = { fix: 'write it as "0.05" for 5 %' };
    report.issues.push({ code: "custom", input, message: "must be a share from 0 to 1", params });
    return z.NEVER;
  })
  .meta({
    title: "share",
    description:
      'The share of the traces that begin here which is sampled, from "0" to "1". A client that brings a trace has decided already.',
  });

const variableName = matching(
  "The name of an environment variable.",
  /^[A-Za-z_][A-Za-z0-9_]*$/,
  "must be the name of an environment variable",
  "write the name only, without $",
);

export const telemetry = z.strictObject({
  endpoint: matching(
    "Where the OpenTelemetry collector listens, such as otel-collector:4318. Absent: nothing is exported.",
    /^(?:https?:\/\/)?[^\s/@?#]+(?:\/[^\s?#]*)?$/,
    "must be a host with a port, or an http or https URL",
    "write it as otel-collector.monitoring:4318",
  ).optional(),
  serviceName: text("service.name of traces and metrics. Absent: name.").optional(),
  serviceVersion: text(
    "service.version of traces and metrics. Absent: that of the program.",
  ).optional(),
  tracingEnabled: z.boolean().default(false).describe("Whether traces are exported."),
  metricsEnabled: z
    .boolean()
    .default(false)
    .describe("Whether the metrics that Prometheus can read are exported by OTLP as well."),
  samplingRate: samplingRate.prefault(SAMPLING_RATE),
  headers: labels("Headers of the requests to the collector.").prefault({}),
  insecure: z
    .boolean()
    .default(false)
    .describe("Whether the collector is spoken to without TLS. A scheme in endpoint wins."),
  caCertPath: text(
    "A file with the certificates that are trusted for the collector, in PEM. Absent: those of the system.",
  ).optional(),
  enablePrometheusMetricsPath: z
    .boolean()
    .default(false)
    .describe(
      "Whether metrics are at prometheusPort too. They are at adminPort, and at metricsPort where that is set, in any case.",
    ),
  prometheusPort: port(
    "The port of /metrics with enablePrometheusMetricsPath, unless metricsPort is set; 0 picks a free one.",
  ).default(PROMETHEUS_PORT),
  metricsOnTransportPort: z
    .boolean()
    .default(false)
    .describe(
      "With enablePrometheusMetricsPath: whether /metrics is at port too, where clients reach it without authentication.",
    ),
  environmentVariables: z
    .array(variableName)
    .default([])
    .describe("Environment variables whose values are on the spans of calls, as environment.NAME."),
  customAttributes: labels("Attributes of the resource of all traces and metrics.").prefault({}),
  useLegacyAttributes: z
    .boolean()
    .default(true)
    .describe("Whether spans have ToolHive's older attributes beside the standard ones."),
  protocol: z
    .enum(PROTOCOLS)
    .default("http/protobuf")
    .describe("OTLP over HTTP (port 4318 by convention), or over gRPC (4317)."),
  headersEnv: z
    .record(z.string(), variableName)
    .prefault({})
    .describe("Headers whose values are in environment variables, read when the process starts."),
  baggage: z
    .array(text("A key."))
    .default([])
    .describe(
      "Keys of a client's baggage header that go to backends. Baggage in _meta goes as the client wrote it.",
    ),
  queuedSpans: count(
    "The maximum number of spans that wait to be sent; further ones are dropped and counted.",
    512,
    QUEUED_SPANS.max,
  ).default(QUEUED_SPANS.default),
  exportTimeout: duration(
    "How long one export may take, and how long the end of the process waits for the last one.",
    { min: 0.1, max: 60 },
  ).prefault("10s"),
  exportInterval: duration("How often metrics are exported.", { min: 1, max: 3600 }).prefault(
    "60s",
  ),
});

type Parsed = z.output<typeof telemetry>;

/** Undefined where nothing is exported. */
export function telemetryOf(
  parsed: Parsed | undefined,
  name: string,
): TelemetrySettings | undefined {
  const { endpoint, tracingEnabled, metricsEnabled } = parsed ?? {};
  if (parsed === undefined || endpoint === undefined || !(tracingEnabled || metricsEnabled)) {
    return undefined;
  }
  const { samplingRate, baggage, queuedSpans, environmentVariables, useLegacyAttributes } = parsed;
  const tracing = { samplingRatio: samplingRate, baggage, queuedSpans, environmentVariables };
  const { serviceName = name, serviceVersion, caCertPath, protocol } = parsed;
  return {
    endpoint: endpointOf(endpoint, parsed.insecure),
    protocol,
    serviceName,
    ...(serviceVersion !== undefined && { serviceVersion }),
    ...(tracingEnabled && { tracing: { ...tracing, useLegacyAttributes } }),
    ...(metricsEnabled && { metrics: { exportIntervalSeconds: parsed.exportInterval } }),
    headers: parsed.headers,
    headersEnv: parsed.headersEnv,
    ...(caCertPath !== undefined && { caCertPath }),
    exportTimeoutSeconds: parsed.exportTimeout,
    customAttributes: parsed.customAttributes,
  };
}

function endpointOf(endpoint: string, insecure: boolean): string {
  const withScheme = endpoint.includes("://")
    ? endpoint
    : `${insecure ? "http" : "https"}://${endpoint}`;
  return withScheme.replace(/\/+$/, "");
}

/** Where Prometheus finds the metrics, beside the admin port, as ToolHive's fields say. */
export function prometheusOf(parsed: Parsed | undefined): {
  readonly metricsPort?: number;
  readonly metricsOnMcpPort?: true;
} {
  if (!parsed?.enablePrometheusMetricsPath) return {};
  return {
    metricsPort: parsed.prometheusPort,
    ...(parsed.metricsOnTransportPort && { metricsOnMcpPort: true }),
  };
}
