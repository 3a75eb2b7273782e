import { SingleFlight } from "../async/single-flight.ts";
import { clock } from "../platform/clock.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import { FleetError } from "../wire/fleet-error.ts";
import type { LiveCache } from "./live-cache.ts";
import { LiveSession } from "./live-session.ts";
import { sessionKey } from "./session-id.ts";
import type { SessionIdGuard } from "./session-id-guard.ts";
import type { SessionRecord } from "./session-record.ts";
import type { SessionStore } from "./session-store.ts";

/** How long a session that is held goes on while nobody can say whether another process has ended it. */
const MAX_STALE_MS = 600_000;

export interface SessionLoaderParts {
  readonly store: SessionStore;
  /** How long ago it was last certain that nothing that other processes did has been missed, in milliseconds. */
  readonly silentMs: () => number;
  readonly cache: LiveCache;
  readonly guard: SessionIdGuard;
  readonly metrics: Metrics;
  /** The store has no such session: nothing of it may stay here. */
  readonly onMissing: (key: string) => void;
}

/** Brings sessions from the store into memory: each once, however many requests wait for it. */
export class SessionLoader {
  readonly #parts: SessionLoaderParts;
  readonly #loading = new SingleFlight<string, LiveSession>();
  /** Keys of sessions that ended while any was being loaded. */
  readonly #endedMeanwhile = new Set<string>();

  constructor(parts: SessionLoaderParts) {
    this.#parts = parts;
  }

  /** The session, if it is held and needs no word of the store. */
  held(id: string): LiveSession | undefined {
    const session = this.#parts.cache.get(id);
    return session !== undefined && !session.stale && this.#mayGoOn(session) ? session : undefined;
  }

  /** @throws SESSION_NOT_FOUND, RATE_LIMITED, STORE_UNAVAILABLE. */
  load(id: string): Promise<LiveSession> {
    return this.#loading.run(id, () => this.#load(id));
  }

  /** A session ended: its record, should it be on the way here, comes too late. */
  ended(key: string): void {
    if (this.#loading.size > 0) this.#endedMeanwhile.add(key);
  }

  async #load(id: string): Promise<LiveSession> {
    const { cache, guard, metrics, onMissing } = this.#parts;
    // With no other load under way, nothing that ended before can come too late.
    if (this.#loading.size === 0) this.#endedMeanwhile.clear();
    const startedAtMs = clock.monotonicMs();
    // What is held here was judged before.
    if (cache.get(id) === undefined) guard.check(id);
    const key = sessionKey(id);
    const record = await this.#record(id, key);
    if (record === undefined) onMissing(key);
    if (record === undefined || this.#endedMeanwhile.has(key)) {
      throw new FleetError("SESSION_NOT_FOUND");
    }
    const cached = cache.get(id);
    if (cached !== undefined) {
      // While the store is away, what is held is all there is, and stays in doubt.
      if (cached.record !== record) cached.follow(record);
      return cached;
    }
    const session = new LiveSession(id, record, clock.now());
    session.restored = { startedAtMs, endedAtMs: clock.monotonicMs() };
    cache.add(session);
    metrics.restores.inc();
    metrics.restoreSeconds.observe((clock.monotonicMs() - startedAtMs) / 1000);
    return session;
  }

  /** The record, from the store; while the store is away, that of a session that this process goes on with. */
  async #record(id: string, key: string): Promise<SessionRecord | undefined> {
    const { store, cache } = this.#parts;
    try {
      const record = await store.load(key);
      const cached = cache.get(id);
      if (cached !== undefined) cached.stale = false;
      return record;
    } catch (error) {
      const cached = cache.get(id);
      if (cached === undefined || !this.#mayGoOn(cached)) throw error;
      return cached.record;
    }
  }

  /** Whether a session that is held may be used without the word of the store. */
  #mayGoOn({ record }: LiveSession): boolean {
    return record.expiresAtMs > clock.now() && this.#parts.silentMs() < MAX_STALE_MS;
  }
}
