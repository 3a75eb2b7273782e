import type { Settings } from "@mcp-fleet/contract/settings";
import type { Logger } from "pino";
import { clock } from "../platform/clock.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import { FleetError } from "../wire/fleet-error.ts";
import { IdCheck } from "./id-check.ts";
import { InitializeRate } from "./initialize-rate.ts";
import type { KeyRing } from "./key-ring.ts";
import { LiveCache } from "./live-cache.ts";
import { LiveSession } from "./live-session.ts";
import { mintSessionId, sessionKey } from "./session-id.ts";
import { SessionLoader } from "./session-loader.ts";
import type { SessionRecord } from "./session-record.ts";
import type { SessionCaps, SessionChange, SessionStore } from "./session-store.ts";

/** How often at most the store hears that a session is in use, as a share of its idle time. */
const TOUCHES_PER_IDLE_TTL = 20;

/** Sessions written again at a time after the store came back empty: enough to be quick, not to be a burst. */
const RESTORED_AT_ONCE = 100;

export type EndReason = "deleted" | "expired" | "shutdown" | "refused";

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
  readonly #loader: SessionLoader;
  readonly #unwatch: () => void;
  readonly #touchEveryMs: number;
  readonly #caps: SessionCaps;
  readonly #initializeRate: InitializeRate | undefined;
  #onEnded: (record: SessionRecord, reason: EndReason) => void = () => {};
  #onGone: (key: string) => void = () => {};
  #onChanged: (record: SessionRecord) => void = () => {};
  #onLists: (view: string, backend: string) => void = () => {};

  constructor(parts: SessionsParts) {
    const { maxSessions, maxPerPrincipal, initializePerMinute } = parts.settings;
    this.#parts = parts;
    this.#caps = {
      maxSessions,
      ...(maxPerPrincipal !== undefined && { maxPerOwner: maxPerPrincipal }),
    };
    this.#initializeRate =
      initializePerMinute === undefined ? undefined : new InitializeRate(initializePerMinute);
    this.#touchEveryMs = (parts.settings.idleTtlSeconds * 1000) / TOUCHES_PER_IDLE_TTL;
    this.#cache = new LiveCache(parts.settings.cacheEntries, () => parts.metrics.evictions.inc());
    this.#loader = new SessionLoader({
      store: parts.store,
      cache: this.#cache,
      idCheck: new IdCheck(parts.ring, parts.metrics),
      metrics: parts.metrics,
      onMissing: (key) => this.#drop(key),
    });
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

  /** Every process hears of a record that changed anywhere, whether it holds the session or not. */
  onChanged(listener: (record: SessionRecord) => void): void {
    this.#onChanged = listener;
  }

  /** Every process hears that a backend told one of them, in a session, of lists that changed. */
  onLists(listener: (view: string, backend: string) => void): void {
    this.#onLists = listener;
  }

  /** Errors: AT_CAPACITY, PRINCIPAL_AT_CAPACITY, RATE_LIMITED, STORE_UNAVAILABLE. */
  async create(client: NewSession): Promise<LiveSession> {
    const { store, ring, settings, metrics } = this.#parts;
    this.#initializeRate?.check(client.owner);
    const now = clock.now();
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
    const creation = await store.create(record, this.#caps);
    if (creation === "at-capacity") throw new FleetError("AT_CAPACITY");
    if (creation === "owner-at-capacity") throw new FleetError("PRINCIPAL_AT_CAPACITY");
    const session = new LiveSession(id, record, now);
    this.#cache.add(session);
    metrics.sessionsCreated.inc();
    return session;
  }

  /**
   * The session of an id: at once where it is cached, from the store otherwise. Another owner's is not found.
   * Errors: SESSION_NOT_FOUND, RATE_LIMITED, STORE_UNAVAILABLE.
   */
  find(id: string, owner: string): LiveSession | Promise<LiveSession> {
    const held = this.#loader.held(id);
    if (held !== undefined) return this.#ofOwner(held, owner);
    return this.#loader.load(id).then((session) => this.#ofOwner(session, owner));
  }

  /**
   * Marks a request in flight, which also counts as use of the session. Answers the object to work with from
   * here on. Errors: SESSION_NOT_FOUND.
   */
  hold(session: LiveSession): LiveSession {
    if (session.ended) throw new FleetError("SESSION_NOT_FOUND");
    const held = this.#cache.hold(session);
    this.touch(held);
    return held;
  }

  release(session: LiveSession): void {
    this.#cache.release(session);
    this.touch(session);
  }

  /** Says that the session is in use; the store hears of it now and then, and nobody waits for that. */
  touch(session: LiveSession): void {
    const now = clock.now();
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

  /** Ends the sessions that this process holds and no other one could go on with. */
  async endAll(): Promise<void> {
    if (this.#parts.store.outlivesProcess) return;
    for (const session of [...this.#cache.sessions()]) await this.end(session, "shutdown");
  }

  /** Ends what has expired, at most `limit` sessions; a call in flight is use. Answers how many there were. */
  async reap(limit: number): Promise<number> {
    for (const session of this.#cache.busySessions()) this.touch(session);
    const expired = await this.#parts.store.takeExpired(limit);
    for (const record of expired) this.#ended(record, "expired");
    return expired.length;
  }

  /** The session, if this process holds it. */
  held(key: string): LiveSession | undefined {
    return this.#cache.byKey(key);
  }

  /** Cuts every call in flight here. Answers how many of them ran at which backend. */
  cutCalls(reason: FleetError): Record<string, number> {
    const cut: Record<string, number> = {};
    for (const session of this.#cache.sessions()) {
      for (const call of session.calls.values()) {
        cut[call.backend] = (cut[call.backend] ?? 0) + 1;
        call.cut(reason);
      }
    }
    return cut;
  }

  get counts(): { readonly cached: number; readonly busy: number } {
    return { cached: this.#cache.size, busy: this.#cache.busy };
  }

  close(): void {
    this.#unwatch();
    this.#cache.clear();
  }

  #ofOwner(session: LiveSession, owner: string): LiveSession {
    if (session.record.owner === owner) return session;
    this.#parts.log.warn(
      { audit: true, sid: session.label },
      "a principal asked for a session of another one",
    );
    throw new FleetError("SESSION_NOT_FOUND");
  }

  #follow(change: SessionChange): void {
    if (change.kind === "ended") this.#drop(change.key);
    else if (change.kind === "changed") this.#changed(change.record);
    else if (change.kind === "cancelled") this.#cache.byKey(change.key)?.cancel(change.idText);
    else if (change.kind === "lists") this.#onLists(change.view, change.backend);
    else if (change.kind === "gap") this.#doubtAll();
    else if (change.kind === "emptied") void this.#restoreAll(change.restore);
  }

  #changed(record: SessionRecord): void {
    this.#cache.byKey(record.key)?.follow(record);
    this.#onChanged(record);
  }

  #doubtAll(): void {
    for (const session of this.#cache.sessions()) session.stale = true;
  }

  async #restoreAll(restore: (record: SessionRecord) => Promise<void>): Promise<void> {
    const sessions = [...this.#cache.sessions()];
    try {
      for (let first = 0; first < sessions.length; first += RESTORED_AT_ONCE) {
        const some = sessions.slice(first, first + RESTORED_AT_ONCE);
        await Promise.all(some.filter(({ ended }) => !ended).map(({ record }) => restore(record)));
      }
    } catch (error) {
      this.#parts.log.error({ error }, "sessions cannot be written again");
    }
    // Another process may have been first, with a record that knows more.
    this.#doubtAll();
  }

  #drop(key: string): void {
    this.#loader.ended(key);
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
