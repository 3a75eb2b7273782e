import type { Settings } from "@mcp-fleet/contract/settings";
import type { Logger } from "pino";
import { clock } from "../platform/clock.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import { FleetError } from "../wire/fleet-error.ts";
import { Admission } from "./admission.ts";
import type { EndReason, Events } from "./events.ts";
import type { KeyRing } from "./key-ring.ts";
import { LiveCache } from "./live-cache.ts";
import { LiveSession } from "./live-session.ts";
import { mintSessionId, sessionKey } from "./session-id.ts";
import { SessionIdGuard } from "./session-id-guard.ts";
import { SessionLoader } from "./session-loader.ts";
import type { EndedSession, SessionRecord } from "./session-record.ts";
import type { SessionStore } from "./session-store.ts";

/** How often at most the store hears that a session is in use, as a share of its idle time. */
const TOUCHES_PER_IDLE_TTL = 20;

/** Sessions written again at a time after the store came back empty: enough to be quick, not to be a burst. */
const RESTORED_AT_ONCE = 100;

/** Sessions of one owner that are ended at a time. */
const ENDED_AT_ONCE = 100;

/** What a client brought to initialize, checked. */
export interface NewSession {
  readonly owner: string;
  readonly protocol: string;
  readonly clientInfo: string;
  readonly capabilities: string;
  readonly view: string;
  /** Absent: no share of an address is counted for it. */
  readonly address?: string | undefined;
}

export interface SessionsParts {
  readonly store: SessionStore;
  /** How long ago it was last certain that nothing that other processes did has been missed, in milliseconds. */
  readonly silentMs: () => number;
  readonly ring: KeyRing;
  readonly settings: Settings["session"];
  readonly limits: Settings["limits"];
  readonly events: Events;
  readonly metrics: Metrics;
  readonly log: Logger;
}

/** From session id to live session, and everything that begins or ends one. */
export class Sessions {
  readonly #parts: SessionsParts;
  readonly #cache: LiveCache;
  readonly #loader: SessionLoader;
  readonly #touchEveryMs: number;
  readonly #admission: Admission;

  constructor(parts: SessionsParts) {
    const { store, silentMs, ring, settings, metrics } = parts;
    this.#parts = parts;
    this.#touchEveryMs = (settings.idleTtlSeconds * 1000) / TOUCHES_PER_IDLE_TTL;
    this.#cache = new LiveCache(settings.cacheEntries, () => metrics.evictions.inc());
    this.#admission = new Admission({
      ...parts,
      held: this.#cache.held,
      onDisplaced: (session) => this.#displaced(session),
    });
    this.#loader = new SessionLoader({
      store,
      silentMs,
      cache: this.#cache,
      guard: new SessionIdGuard(ring, metrics),
      metrics,
      onMissing: (key) => this.forget(key),
    });
    metrics.onScrape(() => {
      metrics.sessionsCached.set(this.#cache.size);
      metrics.sessionsBusy.set(this.#cache.busy);
    });
  }

  /** @throws AT_CAPACITY, ADDRESS_AT_CAPACITY, PRINCIPAL_AT_CAPACITY, RATE_LIMITED, STORE_FULL, STORE_UNAVAILABLE. */
  async create({ address, ...client }: NewSession): Promise<LiveSession> {
    const { ring, settings, events, metrics } = this.#parts;
    this.#admission.checkRate(client.owner);
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
      ...(address !== undefined && { unusedFrom: address }),
      subscriptions: [],
      upstreams: {},
    };
    await this.#admission.create(record);
    const session = new LiveSession(id, record, now);
    this.#cache.add(session);
    metrics.sessionsCreated.inc();
    events.emit("sessionCreated", session);
    return session;
  }

  /**
   * The session of an id: at once where it is cached, from the store otherwise. Another owner's is not found.
   *
   * @throws SESSION_NOT_FOUND, RATE_LIMITED, STORE_UNAVAILABLE.
   */
  find(id: string, owner: string): LiveSession | Promise<LiveSession> {
    const held = this.#loader.held(id);
    if (held !== undefined) return this.#ofOwner(held, owner);
    return this.#loader.load(id).then((session) => this.#ofOwner(session, owner));
  }

  /**
   * Marks a request in flight, which also counts as use of the session. Returns the object to work with from here on.
   *
   * @throws SESSION_NOT_FOUND.
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
    const latest = session.record.lifetimeEndsAtMs ?? Number.POSITIVE_INFINITY;
    const expiresAtMs = Math.min(this.#expiry(now), latest);
    session.touch(now, expiresAtMs);
    this.#parts.store.touch(session.record, expiresAtMs).then(
      (present) => {
        if (!present) this.forget(session.key);
      },
      (error: unknown) => this.#parts.log.warn({ sid: session.label, error }, "touch failed"),
    );
  }

  /** Its client has sent something else than initialize: it does not give way to others any more. */
  use(session: LiveSession): void {
    const { unusedFrom } = session.record;
    if (unusedFrom === undefined) return;
    session.use();
    this.#parts.store.use(session.record).catch((error: unknown) => {
      session.follow({ ...session.record, unusedFrom });
      this.#parts.log.warn(
        { sid: session.label, error },
        "the first use of a session is not noted",
      );
    });
  }

  /** Ends a session; calling it again does nothing. */
  async end(session: LiveSession, reason: EndReason): Promise<void> {
    const ended = await this.#parts.store.end(session.record);
    this.forget(session.key);
    if (ended !== undefined) this.#ended(ended, reason);
  }

  /**
   * Ends all sessions of an owner, in the whole fleet. Returns how many there were. A session that the owner opens
   * meanwhile may stay.
   *
   * @throws STORE_UNAVAILABLE.
   */
  async endOwned(owner: string): Promise<number> {
    for (let ended = 0; ; ) {
      const some = await this.#parts.store.takeOwned(owner, ENDED_AT_ONCE);
      for (const session of some) {
        this.forget(session.key);
        this.#ended(session, "revoked");
      }
      ended += some.length;
      if (some.length === 0) return ended;
    }
  }

  /** Ends all sessions that this process holds. */
  async endAll(): Promise<void> {
    for (const session of [...this.#cache.sessions()]) await this.end(session, "shutdown");
  }

  /** Ends what has expired, at most `limit` sessions; a call in flight is use. Returns how many there were. */
  async reap(limit: number): Promise<number> {
    for (const session of this.#cache.busySessions()) this.touch(session);
    const expired = await this.#parts.store.takeExpired(limit);
    for (const session of expired) this.#ended(session, "expired");
    return expired.length;
  }

  /** The session, if this process holds it. */
  held(key: string): LiveSession | undefined {
    return this.#cache.byKey(key);
  }

  /** Cuts every call in flight here. Returns how many of them ran at which backend. */
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

  /** Another process changed a session, or this one. */
  follow(record: SessionRecord): void {
    this.#cache.byKey(record.key)?.follow(record);
    this.#parts.events.emit("sessionChanged", record);
  }

  /** Something may have happened to any session that nobody here heard of: each is loaded again before its next use. */
  doubtAll(): void {
    for (const session of this.#cache.sessions()) session.stale = true;
  }

  /** The store came back empty: what is held here is written again. */
  async restoreAll(restore: (record: SessionRecord) => Promise<void>): Promise<void> {
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
    this.doubtAll();
  }

  /** A session has ended, here or elsewhere: nothing of it stays. */
  forget(key: string): void {
    this.#loader.ended(key);
    const session = this.#cache.byKey(key);
    if (session !== undefined) {
      session.ended = true;
      this.#cache.delete(session);
      for (const call of session.calls.values()) call.cut(new FleetError("SESSION_NOT_FOUND"));
    }
    this.#parts.events.emit("sessionGone", key);
  }

  get counts(): { readonly cached: number; readonly busy: number } {
    return { cached: this.#cache.size, busy: this.#cache.busy };
  }

  close(): void {
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

  #displaced(session: EndedSession): void {
    this.forget(session.key);
    this.#ended(session, "displaced");
  }

  #ended(session: EndedSession, reason: EndReason): void {
    this.#parts.metrics.sessionsEnded.inc({ reason });
    this.#parts.events.emit("sessionEnded", session, reason);
  }

  #expiry(nowMs: number): number {
    return nowMs + this.#parts.settings.idleTtlSeconds * 1000;
  }
}
