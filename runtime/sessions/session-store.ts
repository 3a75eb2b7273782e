import type { SessionRecord, Subscription, UpstreamRecord } from "./session-record.ts";

/** What another process, or this one, did to a session that processes hold copies of. */
export type SessionChange =
  | { readonly kind: "ended"; readonly key: string }
  | { readonly kind: "changed"; readonly record: SessionRecord };

/**
 * Where sessions live, in the words of sessions. Each operation is atomic and safe to repeat.
 * A store that does not answer throws STORE_UNAVAILABLE; `undefined` and `false` are the word of a healthy
 * store that there is no such session.
 */
export interface SessionStore {
  /** `at-capacity`: the fleet already holds `maxSessions` sessions that have not expired. */
  create(record: SessionRecord, maxSessions: number): Promise<"created" | "at-capacity">;

  /** A session that has expired is not there, even before it is reaped. */
  load(key: string): Promise<SessionRecord | undefined>;

  /** Moves the expiry; never beyond the end of the lifetime, never backwards. */
  touch(key: string, expiresAtMs: number): Promise<boolean>;

  setLogLevel(key: string, level: string): Promise<SessionRecord | undefined>;

  subscribe(key: string, subscription: Subscription): Promise<SessionRecord | undefined>;

  unsubscribe(key: string, subscription: Subscription): Promise<SessionRecord | undefined>;

  /**
   * Writes a backend session if the one that stands there has a lower epoch, or is the same one and not lost.
   * Answers what stands there afterwards, which is another's where it was first.
   */
  setUpstream(
    key: string,
    backend: string,
    upstream: UpstreamRecord,
  ): Promise<SessionRecord | undefined>;

  /**
   * Takes the right to do one thing to a session, alone in the fleet, for `ttlMs`.
   * The same holder takes it again to prolong it.
   */
  lease(key: string, purpose: string, holder: string, ttlMs: number): Promise<boolean>;

  /** Gives the right back; another's lease is left alone. */
  release(key: string, purpose: string, holder: string): Promise<void>;

  /** Ends a session. Answers its record once, to the caller that ended it. */
  end(key: string): Promise<SessionRecord | undefined>;

  /** Takes sessions that have expired out of the store, each for one caller only, so that it cleans up behind them. */
  takeExpired(limit: number): Promise<SessionRecord[]>;

  /** Sessions that have not expired. */
  count(): Promise<number>;

  /** Calls `listener` for every change from now on. Answers what stops it. */
  watch(listener: (change: SessionChange) => void): () => void;

  close(): Promise<void>;
}
