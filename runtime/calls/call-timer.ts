import { clock, type Timer } from "../platform/clock.ts";

export interface CallTimerParts {
  /** When the request came, by the monotonic clock. */
  readonly startedAtMs: number;
  /** How long a backend may be silent. */
  readonly idleMs: number;
  /** How long the call may take in any case. */
  readonly capMs: number;
  /** The time is over; hears how long the call took. */
  readonly onExpired: (afterMs: number) => void;
}

/** The time of one call: it runs out `idleMs` after the last sign of life, and in any case `capMs` after its start. */
export class CallTimer {
  readonly #parts: CallTimerParts;
  readonly #endsAtMs: number;
  /** When the time is over, as things stand. */
  #dueAtMs: number;
  /** Runs at `#dueAtMs` or earlier: putting it off costs nothing until then. */
  #timer: Timer;
  #wakesAtMs: number;
  #stopped = false;

  constructor(parts: CallTimerParts) {
    const nowMs = clock.monotonicMs();
    this.#parts = parts;
    this.#endsAtMs = parts.startedAtMs + parts.capMs;
    this.#dueAtMs = Math.min(nowMs + parts.idleMs, this.#endsAtMs);
    this.#wakesAtMs = this.#dueAtMs;
    this.#timer = this.#arm(nowMs);
  }

  get elapsedMs(): number {
    return clock.monotonicMs() - this.#parts.startedAtMs;
  }

  /** The backend is at work: the idle time begins anew. */
  extend(): void {
    this.#endIn(this.#parts.idleMs);
  }

  /** Somebody else has the floor, such as a person who is asked something: only the cap counts. */
  untilCap(): void {
    this.#endIn(Number.POSITIVE_INFINITY);
  }

  /** The answer is out: what remains has this long to end by itself. */
  finishWithin(milliseconds: number): void {
    this.#endIn(milliseconds);
  }

  stop(): void {
    this.#stopped = true;
    clock.clear(this.#timer);
  }

  #endIn(milliseconds: number): void {
    if (this.#stopped) return;
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
    if (nowMs < this.#dueAtMs) {
      this.#timer = this.#arm(nowMs);
    } else {
      this.#stopped = true;
      this.#parts.onExpired(this.elapsedMs);
    }
  }
}
