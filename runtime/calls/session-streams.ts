import type { Settings } from "@mcp-fleet/contract/settings";
import type { Logger } from "pino";
import { untilAborted } from "../async/until-aborted.ts";
import { Lease } from "../fleet/lease.ts";
import type { LeaseStore } from "../fleet/lease-store.ts";
import { Backoff } from "../platform/backoff.ts";
import { clock } from "../platform/clock.ts";
import { random } from "../platform/random.ts";
import type { Events } from "../sessions/events.ts";
import type { LiveSession } from "../sessions/live-session.ts";
import { TokenBucket } from "../sessions/token-bucket.ts";
import type { Backend } from "../upstream/backend.ts";
import type { BackendRegistry } from "../upstream/backend-registry.ts";
import type { UpstreamSession } from "../upstream/sessions/upstream-session.ts";
import type { UpstreamSessions } from "../upstream/sessions/upstream-sessions.ts";
import { describe } from "../upstream/transports/answer-text.ts";
import { type Envelope, readEnvelope } from "../wire/message.ts";
import { listsChangedBy } from "../wire/methods.ts";
import { noticeFor } from "./backend-notice.ts";
import type { ClientListeners } from "./client-listeners.ts";
import { type Refusal, tooMany, undeclared, unheard } from "./question.ts";
import { relayedRequest } from "./relayed-request.ts";

export interface SessionStreamsParts {
  readonly leases: LeaseStore;
  readonly upstreams: UpstreamSessions;
  readonly backends: BackendRegistry;
  readonly streams: ClientListeners;
  readonly events: Events;
  /** Counts one more stream. Returns what gives it back; undefined where there is no room. */
  readonly acquireStream: () => (() => void) | undefined;
  /** Clients see no other backend: they hear of changed lists in its own words, otherwise in ours. */
  readonly isOnlyBackend: boolean;
  readonly limits: Settings["limits"];
  readonly log: Logger;
}

/** One process holds a session's stream at a backend: SDK servers allow one. */
const LEASE_MS = 30_000;
const LEASE_RETRY_MS = 1_000;

/** How long a stream that ended, or a backend or store that does not answer, is left alone: at first, and at most. */
const REOPEN = { firstMs: 500, maxMs: 15_000 };

/** Who waits for a stream to be open does not wait longer: some servers answer a GET with their first event. */
const OPEN_WAIT_MS = 2_000;

/** What the streams share that a session has at a backend one after the other. */
interface Following {
  readonly lease: Lease;
  /** How long to wait for the next stream. */
  readonly backoff: Backoff;
  /** What the backend may ask the client. */
  readonly questions: TokenBucket;
  /** A stream is open. */
  readonly opened: () => void;
}

interface OpenStream {
  readonly backend: Backend;
  readonly stop: AbortController;
  readonly opened: Promise<void>;
}

/**
 * The streams that sessions have at backends of their own: only while the client listens, and only where it
 * subscribed to something or the backend is configured to speak to each session.
 */
export class SessionStreams {
  readonly #parts: SessionStreamsParts;
  readonly #holder = random.uuid();
  /** By session, then by the backend's name. */
  readonly #open = new Map<string, Map<string, OpenStream>>();

  constructor(parts: SessionStreamsParts) {
    const { events, streams } = parts;
    this.#parts = parts;
    events.on("streamOpened", (session) => this.adjust(session));
    events.on("streamClosed", (session) => this.adjust(session));
    events.on("upstreamOpened", (session) => this.adjust(session));
    events.on("sessionGone", (key) => this.#drop(key));
    events.on("backendAdded", () => this.#adjustAll());
    events.on("backendRemoved", () => this.#adjustAll());
    // What a session has at backends may follow from what another process did in it.
    events.on("sessionChanged", async (record) => {
      const session = streams.session(record.key);
      session?.follow(record);
      if (session !== undefined) await this.adjust(session);
    });
  }

  /** Opens what the session should have by now and closes what it should not. Waits a while until it is open. */
  async adjust(session: LiveSession): Promise<void> {
    const opening: Promise<void>[] = [];
    const open = this.#open.get(session.key);
    for (const { backend, stop } of open?.values() ?? []) {
      if (!this.#isWanted(session, backend)) stop.abort(new Error("not wanted any more"));
    }
    for (const backend of this.#parts.backends.all) {
      if (!this.#isWanted(session, backend)) continue;
      opening.push(open?.get(backend.name)?.opened ?? this.#start(session, backend));
    }
    if (opening.length === 0) return;
    await untilAborted(Promise.all(opening), clock.timeout(OPEN_WAIT_MS)).catch(() => {});
  }

  closeAll(): void {
    for (const key of [...this.#open.keys()]) this.#drop(key, "closed");
  }

  #drop(key: string, reason = "the session ended"): void {
    for (const { stop } of this.#open.get(key)?.values() ?? []) stop.abort(new Error(reason));
  }

  /** There are other backends than before. */
  async #adjustAll(): Promise<void> {
    const { streams } = this.#parts;
    const sessions = [...this.#open.keys()].map((key) => streams.session(key));
    await Promise.all(sessions.map((session) => session && this.adjust(session)));
  }

  #isWanted(session: LiveSession, backend: Backend): boolean {
    if (this.#parts.backends.get(backend.name) !== backend) return false;
    if (session.ended || !this.#parts.streams.isOpen(session.key)) return false;
    if (this.#parts.upstreams.opened(session, backend) === undefined) return false;
    const { notifications, catalog } = backend.settings;
    const subscribed = session.record.subscriptions.some((one) => one.backend === backend.name);
    return subscribed || notifications === "session" || catalog === "perSession";
  }

  #start(session: LiveSession, backend: Backend): Promise<void> {
    const release = this.#parts.acquireStream();
    if (release === undefined) return Promise.resolve();
    const stop = new AbortController();
    const { promise: opened, resolve } = Promise.withResolvers<void>();
    const ofSession = this.#open.get(session.key) ?? new Map<string, OpenStream>();
    const stream = { backend, stop, opened };
    this.#open.set(session.key, ofSession.set(backend.name, stream));
    this.#run(session, backend, stop.signal, resolve)
      .catch((error: unknown) => {
        if (stop.signal.aborted) return;
        this.#parts.log.error({ sid: session.label, backend: backend.name, error }, "stream ends");
      })
      .finally(() => {
        resolve();
        release();
        if (ofSession.get(backend.name) === stream) ofSession.delete(backend.name);
        if (ofSession.size === 0 && this.#open.get(session.key) === ofSession) {
          this.#open.delete(session.key);
        }
      });
    return opened;
  }

  async #run(
    session: LiveSession,
    backend: Backend,
    signal: AbortSignal,
    opened: () => void,
  ): Promise<void> {
    const { leases, limits, log } = this.#parts;
    const purpose = `stream:${backend.name}`;
    const holder = this.#holder;
    const perMinute = limits.serverRequests;
    const questions = new TokenBucket(perMinute / 60, perMinute);
    const lease = new Lease({ leases, log, key: session.key, purpose, holder, ttlMs: LEASE_MS });
    const backoff = new Backoff(REOPEN);
    try {
      while (!signal.aborted) {
        try {
          const following = { lease, backoff, questions, opened };
          const pauseMs = await this.#follow(session, backend, following, signal);
          if (pauseMs === undefined) return;
          await clock.sleep(pauseMs, { signal });
        } catch (error) {
          if (signal.aborted) return;
          log.info({ sid: session.label, backend: backend.name, error }, "stream lost");
          await clock.sleep(backoff.nextMs(), { signal });
        }
      }
    } finally {
      lease.release();
    }
  }

  /** One stream, from its opening to its end. Returns how long to wait for the next one, or undefined for none. */
  async #follow(
    session: LiveSession,
    backend: Backend,
    { lease, backoff, questions, opened }: Following,
    signal: AbortSignal,
  ): Promise<number | undefined> {
    const { upstreams } = this.#parts;
    if (!(await lease.take())) return LEASE_RETRY_MS;
    const upstream = upstreams.opened(session, backend);
    if (upstream === undefined) return undefined;
    const stream = await upstream.receive(signal);
    opened();
    if (stream.kind === "refused") throw new Error(`a stream got ${describe(stream)}`);
    if (stream.kind === "session-unknown") {
      if (backend.settings.stateful) return undefined;
      await upstreams.markLost(session, upstream);
      await upstreams.open(session, backend, signal);
      return 0;
    }
    if (stream.kind !== "events") return undefined;
    const openedAtMs = clock.monotonicMs();
    let askedMs: number | undefined;
    try {
      await lease.during(async () => {
        for await (const { data, retryMs } of stream.events) {
          askedMs = retryMs ?? askedMs;
          if (data !== "") await this.#deliver(session, upstream, data, questions, signal);
        }
      });
    } finally {
      backoff.endedAfter(clock.monotonicMs() - openedAtMs);
    }
    return backoff.nextMs(askedMs);
  }

  /** Asks the client what the backend wants to know. Returns why it does not; a ping is not for clients. */
  #ask(
    session: LiveSession,
    upstream: UpstreamSession,
    envelope: Envelope,
    text: string,
    questions: TokenBucket,
  ): Refusal | undefined {
    const notHeard = unheard("the client does not listen");
    if (envelope.method === "ping") return notHeard;
    const refusal = undeclared(envelope, session.record.capabilities);
    if (refusal !== undefined) return refusal;
    if (questions.take() > 0) return tooMany(this.#parts.limits.serverRequests);
    const asked = relayedRequest(text, envelope, upstream);
    return this.#parts.streams.send(session.key, asked) ? undefined : notHeard;
  }

  async #deliver(
    session: LiveSession,
    upstream: UpstreamSession,
    text: string,
    questions: TokenBucket,
    signal: AbortSignal,
  ): Promise<void> {
    const { streams, isOnlyBackend, events, log } = this.#parts;
    const { backend } = upstream;
    try {
      const envelope = readEnvelope(text);
      if (envelope.kind === "notification") {
        const changed = listsChangedBy(envelope.method).length > 0;
        if (changed) events.emit("listChanged", session, backend.name);
        if (changed && !isOnlyBackend) return;
        const notice = noticeFor({ session, upstream, envelope, text, isOnlyBackend });
        if (notice !== undefined) streams.send(session.key, notice);
      } else if (envelope.kind === "request") {
        const refusal = this.#ask(session, upstream, envelope, text, questions);
        if (refusal !== undefined) {
          await upstream.respond(envelope, refusal.code, refusal.message, signal);
        }
      }
    } catch (error) {
      if (signal.aborted) throw error;
      log.warn({ backend: backend.name, error }, "a message from a backend was not delivered");
    }
  }
}
