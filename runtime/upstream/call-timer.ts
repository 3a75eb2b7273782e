/**
 * The time of one call. It runs out `idleMs` after the last sign of life and in any case `capMs` after the
 * start; `signal` then aborts with what `expire` makes.
 */
export class CallTimer {
  readonly #controller = new AbortController();
  readonly #idleMs: number;
  readonly #endsAtMs: number;
  readonly #expire: (afterMs: number) => unknown;
  readonly #startedAtMs = performance.now();
  #timer: NodeJS.Timeout;

  constructor(idleMs: number, capMs: number, expire: (afterMs: number) => unknown) {
    this.#idleMs = idleMs;
    this.#endsAtMs = this.#startedAtMs + capMs;
    this.#expire = expire;
    this.#timer = this.#arm(Math.min(idleMs, capMs));
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get elapsedMs(): number {
    return performance.now() - this.#startedAtMs;
  }

  /** The backend is at work: the idle time begins anew. */
  extend(): void {
    this.#rearm(this.#idleMs);
  }

  /** Somebody else has the floor, such as a person who is asked something: only the cap counts. */
  untilCap(): void {
    this.#rearm(Number.POSITIVE_INFINITY);
  }

  /** The answer is out: what remains has this long to end by itself. */
  finishWithin(milliseconds: number): void {
    this.#rearm(milliseconds);
  }

  cut(reason: unknown): void {
    clearTimeout(this.#timer);
    this.#controller.abort(reason);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #rearm(milliseconds: number): void {
    if (this.#controller.signal.aborted) return;
    clearTimeout(this.#timer);
    this.#timer = this.#arm(Math.min(milliseconds, this.#endsAtMs - performance.now()));
  }

  #arm(milliseconds: number): NodeJS.Timeout {
    return setTimeout(() => this.cut(this.#expire(this.elapsedMs)), Math.max(0, milliseconds));
  }
}
