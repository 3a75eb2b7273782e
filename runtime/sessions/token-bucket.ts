import { clock } from "../platform/clock.ts";
/** Lets a number of things through per second, and a burst after a pause. */
export class TokenBucket {
  readonly #perSecond: number;
  readonly #burst: number;
  readonly #now: () => number;
  #tokens: number;
  #filledAtMs: number;

  constructor(perSecond: number, burst: number, now: () => number = () => clock.now()) {
    this.#perSecond = perSecond;
    this.#burst = burst;
    this.#now = now;
    this.#tokens = burst;
    this.#filledAtMs = now();
  }

  /** Takes one token. Answers 0 where there was one, otherwise the seconds until there is. */
  take(): number {
    const now = this.#now();
    // A clock that is set back fills nothing, and takes nothing away.
    const seconds = Math.max(0, now - this.#filledAtMs) / 1000;
    this.#tokens = Math.min(this.#burst, this.#tokens + seconds * this.#perSecond);
    this.#filledAtMs = now;
    if (this.#tokens < 1) return (1 - this.#tokens) / this.#perSecond;
    this.#tokens -= 1;
    return 0;
  }
}
