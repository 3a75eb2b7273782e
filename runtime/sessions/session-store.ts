import type { SessionRecord, Subscription, UpstreamRecord } from "./session-record.ts";

/** What another process, or this one, did to a session that processes hold copies of. */
export type SessionChange =
  | { readonly kind: "ended"; readonly key: string }
  | { readonly kind: "changed"; readonly record: SessionRecord }
  /** The client does not wait any more for its request with this id (JSON text), wherever that runs. */
  | { readonly kind: "cancelled"; readonly key: string; readonly idText: string }
  | { readonly kind: "lists"; readonly view: string; readonly backend: string }
  /** Which pods drain is not what it was. */
  | { readonly kind: "drains" }
  /** Changes may have been missed: nothing that is held is certain until it is loaded again. */
  | { readonly kind: "gap" }
  /**
   * The store came back empty. Whoever holds sessions hands them to `restore`, which leaves alone what
   * another process restored first.
   */
  | { readonly kind: "emptied"; restore(record: SessionRecord): Promise<void> };

/** How many sessions there may be at a time, of those that have not expired. */
export interface SessionCaps {
  readonly maxSessions: number;
  /** With the same `owner`. Absent: no cap of their own. */
  readonly maxPerOwner?: number;
}

/** A pod of a backend that gets no new session. */
export interface DrainingPod {
  readonly backend: string;
  readonly pod: string;
}

/** What came of a session that was to be created: it stands, or one of the caps was reached first. */
export type Creation = "created" | "at-capacity" | "owner-at-capacity";

/**
 * Where sessions live, in the words of sessions. Each operation is atomic and safe to repeat.
 * A store that does not answer throws STORE_UNAVAILABLE; `undefined` and `false` are the word of a healthy
 * store that there is no such session.
 */
export interface SessionStore {
  /** Whether sessions outlive the process, so that another one can go on with them. */
  readonly outlivesProcess: boolean;

  /** How long ago it was last certain that nothing that others did has been missed, in milliseconds. */
  readonly silentMs: number;

  /** Writes the record if the caps leave room for it; `at-capacity` comes before `owner-at-capacity`. */
  create(record: SessionRecord, caps: SessionCaps): Promise<Creation>;

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
   * Chooses the pod that a session of a backend is to be opened at: the one with the least live sessions of those
   * named that do not drain, the first of equals. Counts it there at once, and no longer where it was. `undefined`
   * also where all of them drain. What is counted and never opened falls out with the session's expiry.
   */
  pin(key: string, backend: string, pods: readonly string[]): Promise<string | undefined>;

  /** The live sessions of each pod. */
  podSessions(backend: string, pods: readonly string[]): Promise<number[]>;

  /** The keys of live sessions that are pinned to a pod. */
  sessionsOn(backend: string, pod: string, limit: number): Promise<string[]>;

  /** Says to all who watch that a pod drains, or does not any more. */
  setDraining(draining: DrainingPod, drains: boolean): Promise<void>;

  draining(): Promise<readonly DrainingPod[]>;

  /**
   * Takes the right to do one thing to a session, alone in the fleet, for `ttlMs`.
   * The same holder takes it again to prolong it.
   */
  lease(key: string, purpose: string, holder: string, ttlMs: number): Promise<boolean>;

  /** Gives the right back; another's lease is left alone. */
  release(key: string, purpose: string, holder: string): Promise<void>;

  /** Whether anybody has a lease of this session whose purpose begins so. */
  leased(key: string, purposePrefix: string): Promise<boolean>;

  /** Tells all who watch, and keeps nothing. For a session that is not there, nobody hears of it. */
  cancel(key: string, idText: string): Promise<void>;

  /** Tells all who watch that the sessions of a view see other lists of a backend, and keeps nothing. */
  listsChanged(view: string, backend: string): Promise<void>;

  /** Ends a session. Answers its record once, to the caller that ended it. */
  end(key: string): Promise<SessionRecord | undefined>;

  /** Takes sessions that have expired out of the store, each for one caller only, so that it cleans up behind them. */
  takeExpired(limit: number): Promise<SessionRecord[]>;

  /** Sessions that have not expired. */
  count(): Promise<number>;

  /**
   * A secret that is the same for all processes over this store and stays with it: what signs session ids where
   * no key is configured.
   */
  signingKey(): Promise<Buffer>;

  /** Calls `listener` for every change from now on. Answers what stops it. */
  watch(listener: (change: SessionChange) => void): () => void;

  close(): Promise<void>;
}
