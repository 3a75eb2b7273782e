import type { PushMetricExporter, ResourceMetrics } from "@opentelemetry/sdk-metrics";
import type { ReadableSpan, SpanExporter } from "@opentelemetry/sdk-trace-base";
import type { Metrics } from "../telemetry/metrics.ts";

export type Exporter = SpanExporter | PushMetricExporter;

/** The exporter itself, which now counts what the collector took and what it did not. */
export function counted<Made extends Exporter>(
  exporter: Made,
  signal: "traces" | "metrics",
  { exported, exportsDropped }: Metrics,
): Made {
  const send = exporter.export.bind(exporter) as (batch: Batch, done: Done) => void;
  const count = (batch: Batch, done: Done) =>
    send(batch, (result) => {
      const amount = Array.isArray(batch) ? batch.length : 1;
      if (result.code === 0) exported.inc({ signal }, amount);
      else exportsDropped.inc({ signal, reason: "failed" }, amount);
      done(result);
    });
  return Object.assign(exporter, { export: count });
}

type Batch = ReadableSpan[] | ResourceMetrics;
type Done = Parameters<SpanExporter["export"]>[1];
