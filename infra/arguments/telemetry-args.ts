import type { Input } from "@pulumi/pulumi";
import type { TelemetryProtocol } from "./choices.ts";

/** Traces and metrics that go to an OpenTelemetry collector. Prometheus finds the metrics without it. */
export interface TelemetryArgs {
  /** Where the collector listens, such as otel-collector.monitoring.svc:4318. */
  endpoint: Input<string>;
  /** OTLP over HTTP or over gRPC. Default: http/protobuf. */
  protocol?: TelemetryProtocol;
  /** service.name of traces and metrics. Default: the name of the gateway or server. */
  serviceName?: string;
  /** service.version of traces and metrics. Default: that of the program. */
  serviceVersion?: string;
  /** Whether traces are exported. Default: false. */
  tracingEnabled?: boolean;
  /** Whether metrics are exported. Default: false. */
  metricsEnabled?: boolean;
  /** The share of the traces that begin here which is sampled, from 0 to 1. Default: 0.05. */
  samplingRate?: string;
  /** Headers of the requests to the collector, which are no secrets. Default: none. */
  headers?: Record<string, Input<string>>;
  /** Headers whose values are in environment variables, such as those of secrets. Default: none. */
  headersEnv?: Record<string, string>;
  /** Whether the collector is spoken to without TLS. Default: false. */
  insecure?: boolean;
  /** The CA certificates for the collector, as PEM. Default: those of the image. */
  caBundle?: Input<string>;
  /** Environment variables whose values are on the spans of calls. Default: none. */
  environmentVariables?: string[];
  /** Attributes of the resource of all traces and metrics. Default: none. */
  customAttributes?: Record<string, Input<string>>;
  /** Whether spans have ToolHive's older attributes beside the standard ones. Default: true. */
  useLegacyAttributes?: boolean;
  /** Keys of a client's baggage header that go to backends. Default: none. */
  baggage?: string[];
  /** The maximum number of spans that wait to be sent. Default: 2048. */
  queuedSpans?: number;
  /** How long one export may take. Default: 10s. */
  exportTimeout?: string;
  /** How often metrics are exported. Default: 60s. */
  exportInterval?: string;
}
