import type { Logger } from "pino";

import type { Settings } from "../contract/index.ts";
import type { Metrics } from "../metrics.ts";
import { FleetError } from "../wire/fleet-error.ts";
import type { KeyRing } from "./key-ring.ts";
import { LiveCache } from "./live-cache.ts";
import { LiveSession } from "./live-session.ts";
import { judgeSessionId, mintSessionId, sessionKey } from "./session-id.ts";
import type { SessionRecord } from "./session-record.ts";
import type { SessionChange, SessionStore } from "./session-store.ts";

/** How often at most the store hears that a session is in use, as a share of its idle time. */
const TOUCHES_PER_IDLE_TTL = 20;

export type EndReason = "deleted" | "expired";

/** What a client brought to initialize, checked. */
export interface NewSession {
  readonly owner: string;
  readonly protocol: string;
  readonly clientInfo: string;
  readonly capabilities: string;
  readonly view: string;
}

export interface SessionsParts {
  readonly store: SessionStore;
  readonly ring: KeyRing;
  readonly settings: Settings["session"];
  readonly metrics: Metrics;
  readonly log: Logger;
}

/** From session id to live session, and everything that begins or ends one. */
export class Sessions {
  readonly #parts: SessionsParts;
  readonly #cache: LiveCache;
  readonly #loading = new Map<string, Promise<LiveSession>>();
  readonly #unwatch: () => void;
  readonly #touchEveryMs: number;
  #onEnded: (record: SessionRecord, reason: EndReason) => void = () => {};
  #onGone: (key: string) => void = () => {};

  constructor(parts: SessionsParts) {
    this.#parts = parts;
    this.#touchEveryMs = (parts.settings.idleTtlSeconds * 1000) / TOUCHES_PER_IDLE_TTL;
    this.#cache = new LiveCache(parts.settings.cacheEntries, () => parts.metrics.evictions.inc());
    this.#unwatch = parts.store.watch((change) => this.#follow(change));
    parts.metrics.onScrape(() => {
      parts.metrics.sessionsCached.set(this.#cache.size);
      parts.metrics.sessionsBusy.set(this.#cache.busy);
    });
  }

  /** The one process that ended a session cleans up behind it. */
  onEnded(listener: (record: SessionRecord, reason: EndReason) => void): void {
    this.#onEnded = listener;
  }

  /** Every process lets go of what it holds for a session that has ended anywhere. */
  onGone(listener: (key: string) => void): void {
    this.#onGone = listener;
  }

  /** Errors: AT_CAPACITY, STORE_UNAVAILABLE. */
  async create(client: NewSession): Promise<LiveSession> {
    const { store, ring, settings, metrics } = this.#parts;
    const now = Date.now();
    const id = mintSessionId(ring, client.owner, new Date(now));
    const lifetimeEndsAtMs =
      settings.maxLifetimeSeconds === undefined
        ? undefined
        : now + settings.maxLifetimeSeconds * 1000;
    const record: SessionRecord = {
      ...client,
      key: sessionKey(id),
      createdAtMs: now,
      expiresAtMs: Math.min(this.#expiry(now), lifetimeEndsAtMs ?? Number.POSITIVE_INFINITY),
      ...(lifetimeEndsAtMs === undefined ? {} : { lifetimeEndsAtMs }),
      subscriptions: [],
      upstreams: {},
    };
    if ((await store.create(record, settings.maxSessions)) === "at-capacity") {
      throw new FleetError("AT_CAPACITY");
    }
    const session = new LiveSession(id, record, now);
    this.#cache.add(session);
    metrics.sessionsCreated.inc();
    return session;
  }

  /** The session of an id: at once where it is cached, from the store otherwise. Errors: SESSION_NOT_FOUND. */
  find(id: string, owner: string): LiveSession | Promise<LiveSession> {
    const cached = this.#cache.get(id);
    if (cached === undefined || cached.record.expiresAtMs <= Date.now()) {
      return this.#load(id, owner);
    }
    if (cached.record.owner !== owner) throw new FleetError("SESSION_NOT_FOUND");
    return cached;
  }

  /** Marks a request in flight, which also counts as use of the session. Errors: SESSION_NOT_FOUND. */
  hold(session: LiveSession): void {
    if (session.ended) throw new FleetError("SESSION_NOT_FOUND");
    this.#cache.hold(session);
    this.touch(session);
  }

  release(session: LiveSession): void {
    this.#cache.release(session);
    this.touch(session);
  }

  /** Says that the session is in use; the store hears of it now and then, and nobody waits for that. */
  touch(session: LiveSession): void {
    const now = Date.now();
    if (now - session.touchedAtMs < this.#touchEveryMs) return;
    session.touchedAtMs = now;
    const latest = session.record.lifetimeEndsAtMs ?? Number.POSITIVE_INFINITY;
    const expiresAtMs = Math.min(this.#expiry(now), latest);
    session.record = { ...session.record, expiresAtMs };
    this.#parts.store.touch(session.key, expiresAtMs).then(
      (present) => {
        if (!present) this.#drop(session.key);
      },
      (error: unknown) => this.#parts.log.warn({ sid: session.label, error }, "touch failed"),
    );
  }

  /** Ends a session; calling it again does nothing. */
  async end(session: LiveSession, reason: EndReason): Promise<void> {
    const record = await this.#parts.store.end(session.key);
    this.#drop(session.key);
    if (record !== undefined) this.#ended(record, reason);
  }

  /** Ends what has expired, at most `limit` sessions. Answers how many there were. */
  async reap(limit: number): Promise<number> {
    const expired = await this.#parts.store.takeExpired(limit);
    for (const record of expired) this.#ended(record, "expired");
    return expired.length;
  }

  /** The session, if this process holds it. */
  held(key: string): LiveSession | undefined {
    return this.#cache.byKey(key);
  }

  /** Cuts every call in flight here. */
  cutCalls(reason: FleetError): void {
    for (const session of this.#cache.sessions()) {
      for (const call of session.calls.values()) call.cut(reason);
    }
  }

  get counts(): { readonly cached: number; readonly busy: number } {
    return { cached: this.#cache.size, busy: this.#cache.busy };
  }

  close(): void {
    this.#unwatch();
    this.#cache.clear();
  }

  #load(id: string, owner: string): Promise<LiveSession> {
    const loading = this.#loading.get(id);
    const load = loading ?? this.#restore(id).finally(() => this.#loading.delete(id));
    if (loading === undefined) this.#loading.set(id, load);
    return load.then((session) => {
      if (session.record.owner !== owner) throw new FleetError("SESSION_NOT_FOUND");
      return session;
    });
  }

  async #restore(id: string): Promise<LiveSession> {
    const verdict = judgeSessionId(this.#parts.ring, id);
    if (verdict === "malformed" || verdict === "forged") throw new FleetError("SESSION_NOT_FOUND");
    const record = await this.#parts.store.load(sessionKey(id));
    if (record === undefined) throw new FleetError("SESSION_NOT_FOUND");
    const cached = this.#cache.get(id);
    if (cached !== undefined) {
      cached.record = record;
      return cached;
    }
    const session = new LiveSession(id, record, Date.now());
    this.#cache.add(session);
    this.#parts.metrics.restores.inc();
    return session;
  }

  #follow(change: SessionChange): void {
    if (change.kind === "ended") {
      this.#drop(change.key);
      return;
    }
    const session = this.#cache.byKey(change.record.key);
    if (session === undefined) return;
    const expiresAtMs = Math.max(session.record.expiresAtMs, change.record.expiresAtMs);
    session.record = { ...change.record, expiresAtMs };
  }

  #drop(key: string): void {
    const session = this.#cache.byKey(key);
    if (session !== undefined) {
      session.ended = true;
      this.#cache.delete(session);
      for (const call of session.calls.values()) call.cut(new FleetError("SESSION_NOT_FOUND"));
    }
    this.#onGone(key);
  }

  #ended(record: SessionRecord, reason: EndReason): void {
    this.#parts.metrics.sessionsEnded.inc({ reason });
    this.#onEnded(record, reason);
  }

  #expiry(nowMs: number): number {
    return nowMs + this.#parts.settings.idleTtlSeconds * 1000;
  }
}
