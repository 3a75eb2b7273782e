import { random } from "./random.ts";

/** What a server asks us to wait (`retry` of an event stream) is kept within this. */
const ASKED_MS = { min: 10, max: 60_000 };

/** The pauses between attempts at what keeps failing: each is up to twice as long as the last, and those of two processes differ. */
export class Backoff {
  readonly #firstMs: number;
  readonly maxMs: number;
  #attempts = 0;

  constructor({ firstMs, maxMs }: { readonly firstMs: number; readonly maxMs: number }) {
    this.#firstMs = firstMs;
    this.maxMs = maxMs;
  }

  /** How many pauses there were since the last success. */
  get attempts(): number {
    return this.#attempts;
  }

  /**
   * The next pause: from half of the whole one to the whole one.
   *
   * @param askedMs what the server asked for instead of our first pause: then never shorter than that, and up to half
   * as long again.
   */
  nextMs(askedMs?: number): number {
    const isAsked = askedMs !== undefined;
    const firstMs = isAsked
      ? Math.max(ASKED_MS.min, Math.min(askedMs, ASKED_MS.max))
      : this.#firstMs;
    const grownMs = Math.min(this.maxMs, firstMs * 2 ** Math.min(this.#attempts, 30));
    this.#attempts += 1;
    return Math.max(firstMs, grownMs) * ((isAsked ? 1 : 0.5) + random.fraction() / 2);
  }

  /** It succeeded: the next pause is the first one again. */
  reset(): void {
    this.#attempts = 0;
  }

  /** It worked for a time and then ended. Only what worked longer than the longest pause counts as a success. */
  endedAfter(workedMs: number): void {
    if (workedMs >= this.maxMs) this.reset();
  }
}
