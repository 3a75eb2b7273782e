import type {
  EndedSession,
  SessionRecord,
  Subscription,
  UpstreamRecord,
} from "./session-record.ts";

/** How many sessions there may be at a time, of those that have not expired. */
export interface SessionCaps {
  readonly maxSessions: number;
  /** With the same `owner`. Absent: no cap of their own. */
  readonly maxPerOwner?: number;
}

/** What came of a session that was to be created: it is there, or one of the caps was reached first. */
export type Creation = "created" | "at-capacity" | "owner-at-capacity";

/**
 * Where the records of sessions are kept. Each operation is atomic and safe to repeat; where one takes a whole record,
 * it is the record as this process last saw it.
 *
 * A store that does not answer throws STORE_UNAVAILABLE, one that is full STORE_FULL at `create` and `subscribe`; `undefined` and `false` are the word of a healthy store that
 * there is no such session.
 */
export interface SessionStore {
  /** Writes the record if the caps leave room for it; `at-capacity` comes before `owner-at-capacity`. */
  create(record: SessionRecord, caps: SessionCaps): Promise<Creation>;

  /** A session that has expired is not there, even before it is reaped. */
  load(key: string): Promise<SessionRecord | undefined>;

  /** Moves the expiry; never beyond the end of the lifetime, never backwards. */
  touch(record: SessionRecord, expiresAtMs: number): Promise<boolean>;

  setLogLevel(key: string, level: string): Promise<SessionRecord | undefined>;

  subscribe(key: string, subscription: Subscription): Promise<SessionRecord | undefined>;

  unsubscribe(key: string, subscription: Subscription): Promise<SessionRecord | undefined>;

  /**
   * Writes a backend session if the one that is there has a lower epoch, or is the same one and not lost.
   *
   * @returns the record as it is afterwards, with another's backend session where that was first.
   */
  setUpstream(
    record: SessionRecord,
    backend: string,
    upstream: UpstreamRecord,
  ): Promise<SessionRecord | undefined>;

  /** Ends a session. Returns what is left of it once, to the caller that ended it. */
  end(record: SessionRecord): Promise<EndedSession | undefined>;

  /** Takes sessions that have expired out of the store, each for one caller only, so that it cleans up behind them. */
  takeExpired(limit: number): Promise<EndedSession[]>;

  /** Notes that the client of a session has sent something, so that it does not give way any more. */
  use(record: SessionRecord): Promise<void>;

  /**
   * Ends sessions whose clients have sent nothing for `minMs` since they opened them, each for one caller only: of the
   * address that has most of them, the oldest first, and no more than to make it equal to the next.
   */
  takeUnused(limit: number, minMs: number): Promise<EndedSession[]>;

  /** Ends sessions of an owner, each for one caller only, and at most `limit`; none where there are no more. */
  takeOwned(owner: string, limit: number): Promise<EndedSession[]>;

  /** Sessions that have not expired. */
  count(): Promise<number>;
}
