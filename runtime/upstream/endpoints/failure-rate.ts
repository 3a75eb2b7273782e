import { clock } from "../../platform/clock.ts";

export interface FailureRateParts {
  /** The share of failures that is too high, in percent. */
  readonly failureRatePercent: number;
  readonly windowMs: number;
  /** With fewer in the window, no share is too high. */
  readonly minimumCalls: number;
}

/** The window is this many slots, of which the oldest one is forgotten as a whole. */
const SLOTS = 10;

/** The share of failures over the last while, in as much memory for a million requests as for one. */
export class FailureRate {
  readonly #parts: FailureRateParts;
  readonly #slotMs: number;
  readonly #calls = new Array<number>(SLOTS).fill(0);
  readonly #failures = new Array<number>(SLOTS).fill(0);
  /** The number of the slot that is counted in, since the clock began. */
  #slot: number;

  constructor(parts: FailureRateParts) {
    this.#parts = parts;
    this.#slotMs = parts.windowMs / SLOTS;
    this.#slot = this.#slotNow;
  }

  add(isSuccess: boolean): void {
    this.#forget();
    const index = this.#slot % SLOTS;
    this.#calls[index] = (this.#calls[index] ?? 0) + 1;
    if (!isSuccess) this.#failures[index] = (this.#failures[index] ?? 0) + 1;
  }

  get isExceeded(): boolean {
    this.#forget();
    const { failureRatePercent, minimumCalls } = this.#parts;
    const calls = sum(this.#calls);
    return calls >= minimumCalls && sum(this.#failures) * 100 >= calls * failureRatePercent;
  }

  reset(): void {
    this.#calls.fill(0);
    this.#failures.fill(0);
  }

  get #slotNow(): number {
    return Math.floor(clock.monotonicMs() / this.#slotMs);
  }

  /** What is older than the window. */
  #forget(): void {
    const now = this.#slotNow;
    const passed = Math.min(SLOTS, now - this.#slot);
    for (let past = 0; past < passed; past += 1) {
      const index = (now - past) % SLOTS;
      this.#calls[index] = 0;
      this.#failures[index] = 0;
    }
    this.#slot = now;
  }
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}
