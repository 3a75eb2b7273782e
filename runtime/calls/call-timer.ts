import { clock, type Timer } from "../platform/clock.ts";
/**
 * The time of one call. It runs out `idleMs` after the last sign of life and in any case `capMs` after the
 * start; `signal` then aborts with what `expire` makes.
 */
export class CallTimer {
  readonly #controller = new AbortController();
  readonly #idleMs: number;
  readonly #endsAtMs: number;
  readonly #expire: (afterMs: number) => unknown;
  readonly #startedAtMs = clock.monotonicMs();
  /** When the time is over, as things stand. */
  #dueAtMs: number;
  /** Runs at `#dueAtMs` or earlier: putting it off costs nothing until then. */
  #timer: Timer;
  #wakesAtMs: number;

  constructor(idleMs: number, capMs: number, expire: (afterMs: number) => unknown) {
    this.#idleMs = idleMs;
    this.#endsAtMs = this.#startedAtMs + capMs;
    this.#expire = expire;
    this.#dueAtMs = this.#startedAtMs + Math.min(idleMs, capMs);
    this.#wakesAtMs = this.#dueAtMs;
    this.#timer = this.#arm(this.#startedAtMs);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get elapsedMs(): number {
    return clock.monotonicMs() - this.#startedAtMs;
  }

  /** The backend is at work: the idle time begins anew. */
  extend(): void {
    this.#endIn(this.#idleMs);
  }

  /** Somebody else has the floor, such as a person who is asked something: only the cap counts. */
  untilCap(): void {
    this.#endIn(Number.POSITIVE_INFINITY);
  }

  /** The answer is out: what remains has this long to end by itself. */
  finishWithin(milliseconds: number): void {
    this.#endIn(milliseconds);
  }

  cut(reason: unknown): void {
    clock.clear(this.#timer);
    this.#controller.abort(reason);
  }

  stop(): void {
    clock.clear(this.#timer);
  }

  #endIn(milliseconds: number): void {
    if (this.#controller.signal.aborted) return;
    const nowMs = clock.monotonicMs();
    this.#dueAtMs = Math.min(nowMs + milliseconds, this.#endsAtMs);
    if (this.#dueAtMs >= this.#wakesAtMs) return;
    clock.clear(this.#timer);
    this.#timer = this.#arm(nowMs);
  }

  #arm(nowMs: number): Timer {
    this.#wakesAtMs = this.#dueAtMs;
    return clock.after(Math.max(0, this.#dueAtMs - nowMs), () => this.#wake());
  }

  #wake(): void {
    const nowMs = clock.monotonicMs();
    if (nowMs < this.#dueAtMs) this.#timer = this.#arm(nowMs);
    else this.cut(this.#expire(this.elapsedMs));
  }
}
