import type { Logger } from "pino";
import { clock, type Timer } from "../platform/clock.ts";
import type { Sessions } from "./sessions.ts";

const INTERVAL_MS = 1_000;

/** Sessions ended in one pass: a backlog is worked off over several, not in one burst at the backends. */
const PASS_LIMIT = 200;

/** Ends the sessions that have expired, so that nothing of them stays here, in the store or at the backends. */
export class Reaper {
  readonly #sessions: Sessions;
  readonly #log: Logger;
  readonly #timer: Timer;
  #running = false;

  constructor(sessions: Sessions, log: Logger) {
    this.#sessions = sessions;
    this.#log = log;
    this.#timer = clock.every(INTERVAL_MS, () => void this.#pass());
    this.#timer.unref();
  }

  close(): void {
    clock.clear(this.#timer);
  }

  async #pass(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    try {
      const reaped = await this.#sessions.reap(PASS_LIMIT);
      if (reaped > 0) this.#log.info({ sessions: reaped }, "sessions expired");
    } catch (error) {
      this.#log.warn({ error }, "expired sessions cannot be read");
    } finally {
      this.#running = false;
    }
  }
}
