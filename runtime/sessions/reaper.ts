import type { Logger } from "pino";
import { clock, type Timer } from "../platform/clock.ts";
import type { LiveSession } from "./live-session.ts";
import type { Sessions } from "./sessions.ts";

/** How often it passes; more often where sessions are shorter than that. */
const INTERVAL_MS = 1_000;

/** Passes that a session sees before it expires, so that what keeps it has been noticed by then. */
const PASSES_PER_IDLE_TTL = 4;

/** Sessions ended in one pass: a backlog is worked off over several, not in one burst at the backends. */
const PASS_LIMIT = 200;

export interface ReaperParts {
  readonly sessions: Sessions;
  /** The sessions that have a stream open here: an open stream is use of its session. */
  readonly listening: () => Iterable<LiveSession>;
  readonly idleTtlSeconds: number;
  readonly log: Logger;
}

/** Ends the sessions that have expired, so that nothing of them stays here, in the store or at the backends. */
export class Reaper {
  readonly #parts: ReaperParts;
  readonly #timer: Timer;
  #running = false;

  constructor(parts: ReaperParts) {
    this.#parts = parts;
    const shareMs = (parts.idleTtlSeconds * 1000) / PASSES_PER_IDLE_TTL;
    this.#timer = clock.every(Math.min(INTERVAL_MS, shareMs), () => void this.#pass());
    this.#timer.unref();
  }

  close(): void {
    clock.clear(this.#timer);
  }

  async #pass(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    const { sessions, listening, log } = this.#parts;
    try {
      for (const session of listening()) sessions.touch(session);
      const reaped = await sessions.reap(PASS_LIMIT);
      if (reaped > 0) log.info({ sessions: reaped }, "sessions expired");
    } catch (error) {
      log.warn({ error }, "expired sessions cannot be read");
    } finally {
      this.#running = false;
    }
  }
}
