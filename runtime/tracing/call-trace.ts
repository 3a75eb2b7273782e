import {
  type Attributes,
  type Context,
  defaultTextMapSetter,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from "@opentelemetry/api";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import { clock } from "../platform/clock.ts";
import type { ActiveTrace } from "../telemetry/active-trace.ts";
import { ATTRIBUTES } from "./vocabulary.ts";

export const PROPAGATOR = new W3CTraceContextPropagator();

export interface CallTraceParts {
  readonly tracer: Tracer;
  /** What the call's span is a child of. */
  readonly parent: Context;
  readonly span: Span;
  /** The part of the client's baggage that goes on; undefined: none. */
  readonly baggage: string | undefined;
  readonly useLegacyAttributes: boolean;
}

/** The headers of a trace, by their names in lower case: those of `_meta` are the same. */
export type TraceHeaders = Readonly<Record<string, string>>;

/** One call as its trace has it. One that is not sampled has its headers, and nothing else. */
export class CallTrace implements ActiveTrace {
  readonly ids: ActiveTrace["ids"];
  readonly isSampled: boolean;
  readonly useLegacyAttributes: boolean;
  readonly #parts: CallTraceParts;
  readonly #context: Context;
  readonly #open = new Set<Span>();
  #hasEnded = false;

  constructor(parts: CallTraceParts) {
    const { span, parent } = parts;
    const { traceId, spanId } = span.spanContext();
    this.ids = { trace_id: traceId, span_id: spanId };
    this.isSampled = span.isRecording();
    this.useLegacyAttributes = parts.useLegacyAttributes;
    this.#parts = parts;
    this.#context = trace.setSpan(parent, span);
  }

  /** What still runs then, such as the refresh of a list, is not the call's any more. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Of the call's own span, or of one below it. */
  headers(span?: Span): TraceHeaders {
    const headers: Record<string, string> = {};
    const context = span === undefined ? this.#context : trace.setSpan(this.#context, span);
    PROPAGATOR.inject(context, headers, defaultTextMapSetter);
    const { baggage } = this.#parts;
    return baggage === undefined ? headers : { ...headers, baggage };
  }

  /** A span of a request that the call causes. */
  request(name: string, attributes: Attributes): Span {
    return this.#parts.tracer.startSpan(name, { kind: SpanKind.CLIENT, attributes }, this.#context);
  }

  /** A request whose answer is still arriving: it ends with the call. */
  keepOpen(span: Span): void {
    if (this.#hasEnded) span.end();
    else this.#open.add(span);
  }

  record(name: string, startedAtMs: number, failed: boolean): void {
    this.recordUntil(name, startedAtMs, clock.monotonicMs(), failed);
  }

  /** The same of something that ended a while ago. */
  recordUntil(name: string, startedAtMs: number, endedAtMs: number, failed: boolean): void {
    if (!this.isSampled || this.#hasEnded) return;
    const [noun, operation] = name.split(" ");
    const isStore = noun === "store";
    const span = this.#parts.tracer.startSpan(
      name,
      {
        kind: isStore ? SpanKind.CLIENT : SpanKind.INTERNAL,
        startTime: asDate(startedAtMs),
        ...(isStore && { attributes: { [ATTRIBUTES.store.name]: operation } }),
      },
      this.#context,
    );
    if (failed) fail(span, "STORE_UNAVAILABLE");
    span.end(asDate(endedAtMs));
  }

  /** @param error what went wrong; absent: nothing. */
  end(error?: string): void {
    this.#hasEnded = true;
    if (!this.isSampled) return;
    for (const span of [...this.#open, this.#parts.span]) {
      if (error !== undefined) fail(span, error);
      span.end();
    }
    this.#open.clear();
  }
}

export function fail(span: Span, error: string): void {
  span.setAttribute(ATTRIBUTES.error.name, error);
  span.setStatus({ code: SpanStatusCode.ERROR });
}

/** Both clocks, apart by more than this: the system's was set. */
const SET_MS = 2;

let offsetMs = Number.NaN;

/** A moment of the clock that never goes back, as others have it: the same for a whole and for the part that it begins with. */
export function asDate(monotonicMs: number): Date {
  // The system's clock says whole milliseconds: the difference of both is another one each time.
  const presentMs = clock.now() - clock.monotonicMs();
  if (!(Math.abs(presentMs - offsetMs) <= SET_MS)) offsetMs = presentMs;
  return new Date(offsetMs + monotonicMs);
}
