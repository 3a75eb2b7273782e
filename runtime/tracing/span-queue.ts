import type { ReadableSpan, SpanExporter, SpanProcessor } from "@opentelemetry/sdk-trace-base";
import { BatchSpanProcessor } from "@opentelemetry/sdk-trace-base";
import type { Metrics } from "../telemetry/metrics.ts";

export interface SpanQueueParts {
  readonly exporter: SpanExporter;
  readonly maxSpans: number;
  readonly timeoutMs: number;
  readonly metrics: Metrics;
}

/** The largest export, and how long spans wait for company. */
const BATCH_SPANS = 512;
const BATCH_MS = 1_000;

/** Spans that wait to be sent: so many and no more, whatever the collector does. */
export class SpanQueue implements SpanProcessor {
  readonly #parts: SpanQueueParts;
  readonly #batches: BatchSpanProcessor;
  #size = 0;

  constructor(parts: SpanQueueParts) {
    this.#parts = parts;
    const { exporter, maxSpans, timeoutMs } = parts;
    const send = exporter.export.bind(exporter);
    const counted = Object.assign(exporter, {
      export: (spans: ReadableSpan[], done: Parameters<typeof send>[1]) =>
        send(spans, (result) => {
          this.#size -= spans.length;
          done(result);
        }),
    });
    this.#batches = new BatchSpanProcessor(counted, {
      // Ours is what limits them: with those that are on their way.
      maxQueueSize: maxSpans,
      maxExportBatchSize: BATCH_SPANS,
      scheduledDelayMillis: BATCH_MS,
      exportTimeoutMillis: timeoutMs,
    });
  }

  /** Spans that have ended and that the collector has not taken, those on their way included. */
  get size(): number {
    return this.#size;
  }

  onStart(): void {}

  onEnd(span: ReadableSpan): void {
    const { maxSpans, metrics } = this.#parts;
    if (this.#size >= maxSpans) {
      metrics.exportsDropped.inc({ signal: "traces", reason: "queue" });
      return;
    }
    this.#size += 1;
    this.#batches.onEnd(span);
  }

  forceFlush(): Promise<void> {
    return this.#batches.forceFlush();
  }

  shutdown(): Promise<void> {
    return this.#batches.shutdown();
  }
}
