import type { Logger } from "pino";
import { clock } from "../platform/clock.ts";
import type { LeaseStore } from "./lease-store.ts";

export interface LeaseParts {
  readonly leases: LeaseStore;
  readonly log: Logger;
  /** The session's key. */
  readonly key: string;
  /** The one thing that is done alone. */
  readonly purpose: string;
  /** Who does it. */
  readonly holder: string;
  /** How long others wait for a holder that was killed. */
  readonly ttlMs: number;
}

/** The right to do one thing to a session, alone in the fleet, for as long as the process that has it lives. */
export class Lease {
  readonly #parts: LeaseParts;

  constructor(parts: LeaseParts) {
    this.#parts = parts;
  }

  /**
   * Whether it is ours now.
   *
   * @throws STORE_UNAVAILABLE.
   */
  take(): Promise<boolean> {
    const { leases, key, purpose, holder, ttlMs } = this.#parts;
    return leases.take(key, purpose, holder, ttlMs);
  }

  /**
   * Who has it now, whether that is us or another process; undefined where nobody has.
   *
   * @throws STORE_UNAVAILABLE.
   */
  currentHolder(): Promise<string | undefined> {
    const { leases, key, purpose } = this.#parts;
    return leases.holder(key, purpose);
  }

  /** Does what it was taken for, and prolongs it all the while. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    const prolong = () => this.#orLog(this.take(), "a lease cannot be prolonged");
    const timer = clock.every(this.#parts.ttlMs / 3, prolong).unref();
    try {
      return await work();
    } finally {
      clock.clear(timer);
    }
  }

  /** Gives it back. Nobody waits for that: it also ends by itself. */
  release(): void {
    const { leases, key, purpose, holder } = this.#parts;
    this.#orLog(leases.release(key, purpose, holder), "a lease cannot be given back");
  }

  #orLog(done: Promise<unknown>, failure: string): void {
    const { log, purpose } = this.#parts;
    done.catch((error: unknown) => log.warn({ purpose, error }, failure));
  }
}
