/** The trace that a piece of work belongs to, for those who have something to say about it. */
export interface ActiveTrace {
  /** For log lines and exemplars, by OpenTelemetry's names. */
  readonly ids: { readonly trace_id: string; readonly span_id: string };
  /** Whether its spans are exported. */
  readonly isSampled: boolean;
  /**
   * Something that was done for it, and is over now.
   *
   * @param startedAtMs by the clock that never goes back.
   */
  record(name: string, startedAtMs: number, failed: boolean): void;
}

let source: () => ActiveTrace | undefined = () => undefined;

/** The trace of what runs now; undefined where there is none, and always while tracing is off. */
export function activeTrace(): ActiveTrace | undefined {
  return source();
}

/** Has this process know the traces of what runs. */
export function followTraces(traces: () => ActiveTrace | undefined): void {
  source = traces;
}
