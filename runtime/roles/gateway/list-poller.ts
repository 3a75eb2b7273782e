import { Backoff } from "../../platform/backoff.ts";
import { clock } from "../../platform/clock.ts";

export interface ListPollerParts {
  /** Reads the list. Returns whether it could be read; throws where the session at the backend is lost. */
  readonly read: () => Promise<boolean>;
  /** How old a reading may become, which may change while one waits. */
  readonly everyMs: () => number;
  /** The longest time for which a change of `everyMs` goes unnoticed. */
  readonly tickMs: number;
  /** The longest pause before a list that could not be read is asked for again. */
  readonly maxRetryMs: number;
}

const FIRST_RETRY_MS = 250;

/**
 * Keeps one list of a backend up to date in one session there: reads it at once, whenever somebody heard that it
 * changed, and now and then. One reading runs at a time, and at most one waits.
 */
export class ListPoller {
  readonly #parts: ListPollerParts;
  readonly #backoff: Backoff;
  #isWanted = false;
  #nap = new AbortController();

  constructor(parts: ListPollerParts) {
    this.#parts = parts;
    this.#backoff = new Backoff({ firstMs: FIRST_RETRY_MS, maxMs: parts.maxRetryMs });
  }

  /** Has the list read again, now or after the reading that runs. */
  wake(): void {
    this.#isWanted = true;
    this.#nap.abort();
  }

  /** @throws the signal's reason, or what `read` throws. */
  async run(signal: AbortSignal): Promise<never> {
    for (;;) {
      this.#isWanted = false;
      const wasRead = await this.#parts.read();
      if (wasRead) this.#backoff.reset();
      await this.#pause(wasRead ? undefined : this.#backoff.nextMs(), signal);
    }
  }

  async #pause(retryMs: number | undefined, signal: AbortSignal): Promise<void> {
    const { everyMs, tickMs } = this.#parts;
    const readAtMs = clock.monotonicMs();
    while (!this.#isWanted) {
      const leftMs = (retryMs ?? everyMs()) - (clock.monotonicMs() - readAtMs);
      if (leftMs <= 0) return;
      this.#nap = new AbortController();
      const either = AbortSignal.any([signal, this.#nap.signal]);
      await clock.sleep(Math.min(leftMs, tickMs), { signal: either }).catch(() => {});
      signal.throwIfAborted();
    }
  }
}
