import type { Settings, TelemetrySettings } from "@mcp-fleet/contract/settings";
import { DiagLogLevel, diag } from "@opentelemetry/api";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import {
  BasicTracerProvider,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
} from "@opentelemetry/sdk-trace-base";
import type { Logger } from "pino";
import type { Interceptor } from "../calls/call.ts";
import { clock } from "../platform/clock.ts";
import { random } from "../platform/random.ts";
import { VERSION } from "../platform/version.ts";
import { followTraces } from "../telemetry/active-trace.ts";
import type { BackendInterceptor } from "../upstream/backend.ts";
import { type Exporters, type ExportersParts, openExporters } from "./exporters.ts";
import { FleetMetrics } from "./fleet-metrics.ts";
import { SpanQueue } from "./span-queue.ts";
import { runningTrace, traceCalls } from "./traced-calls.ts";
import { traceRequests } from "./traced-requests.ts";

export interface TelemetryParts extends ExportersParts {
  readonly settings: Pick<Settings, "name" | "role">;
  readonly log: Logger;
}

/** What is kept of an attribute's value, and how many a span may have. */
const SPAN_LIMITS = { attributeValueLengthLimit: 1024, attributeCountLimit: 64 };

/** Traces and metrics on their way to a collector, which may hang or be gone without any call noticing. */
export class Telemetry {
  /** Around every call of a client; none without tracing. */
  readonly interceptors: readonly Interceptor[];
  /** Around every request to a backend; none without tracing. */
  readonly backendInterceptors: readonly BackendInterceptor[];
  readonly #parts: TelemetryParts;
  readonly #closing: (() => Promise<void>)[] = [];

  /** @throws {ConfigError} where a certificate or a header's variable cannot be read. */
  static async open(parts: TelemetryParts): Promise<Telemetry> {
    return new Telemetry(parts, await openExporters(parts));
  }

  private constructor(parts: TelemetryParts, exporters: Exporters) {
    this.#parts = parts;
    tellOfFaults(parts.log);
    const { tracing, metrics } = parts.telemetry;
    const tracer = tracing && this.#openTracer(tracing, exporters);
    if (metrics) this.#exportMetrics(metrics, exporters);
    this.interceptors = tracer ? [tracer.calls] : [];
    this.backendInterceptors = tracer ? [traceRequests()] : [];
    if (tracer) followTraces(runningTrace);
  }

  /** Sends what is left, for as long as an export may take. */
  async close(): Promise<void> {
    const patience = new AbortController();
    const timeoutMs = this.#parts.telemetry.exportTimeoutSeconds * 1000;
    const closed = Promise.allSettled(this.#closing.map((close) => close()));
    const late = clock.sleep(timeoutMs, { signal: patience.signal }).catch(() => {});
    await Promise.race([closed, late]);
    patience.abort();
  }

  #openTracer(tracing: NonNullable<TelemetrySettings["tracing"]>, exporters: Exporters) {
    const { telemetry, metrics, settings, environment } = this.#parts;
    const queue = new SpanQueue({
      exporter: exporters.spans(),
      maxSpans: tracing.queuedSpans,
      timeoutMs: telemetry.exportTimeoutSeconds * 1000,
      metrics,
    });
    const provider = new BasicTracerProvider({
      resource: this.#resource,
      sampler: new ParentBasedSampler({
        root: new TraceIdRatioBasedSampler(tracing.samplingRatio),
      }),
      spanProcessors: [queue],
      spanLimits: SPAN_LIMITS,
      idGenerator: {
        generateTraceId: () => random.bytes(16).toString("hex"),
        generateSpanId: () => random.bytes(8).toString("hex"),
      },
    });
    this.#closing.push(() => provider.shutdown());
    metrics.onScrape(() => metrics.spansQueued.set(queue.size));
    const tracer = provider.getTracer("mcp-fleet", VERSION);
    return { calls: traceCalls({ tracer, settings, tracing, environment }) };
  }

  #exportMetrics(
    { exportIntervalSeconds }: NonNullable<TelemetrySettings["metrics"]>,
    exporters: Exporters,
  ): void {
    const { metrics } = this.#parts;
    const intervalMs = exportIntervalSeconds * 1000;
    const timeoutMs = this.#parts.telemetry.exportTimeoutSeconds * 1000;
    const resource = this.#resource;
    const reader = new PeriodicExportingMetricReader({
      exporter: exporters.metrics(),
      exportIntervalMillis: intervalMs,
      exportTimeoutMillis: Math.min(timeoutMs, intervalMs),
      metricProducers: [new FleetMetrics(metrics, resource)],
    });
    const provider = new MeterProvider({ resource, readers: [reader] });
    this.#closing.push(() => provider.shutdown());
  }

  get #resource() {
    const { telemetry, settings } = this.#parts;
    return resourceFromAttributes({
      "service.name": telemetry.serviceName,
      "service.version": telemetry.serviceVersion ?? VERSION,
      "service.instance.id": `${process.env.HOSTNAME ?? settings.name}-${process.pid}`,
      "mcp_fleet.role": settings.role,
      ...telemetry.customAttributes,
    });
  }
}

/** The library's own words, of which the log keeps a few. */
function tellOfFaults(log: Logger): void {
  const warn = (what: string) => log.warn({ reason: what }, "telemetry could not be exported");
  const nothing = () => {};
  const logger = { error: warn, warn, info: nothing, debug: nothing, verbose: nothing };
  diag.setLogger(logger, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
}
