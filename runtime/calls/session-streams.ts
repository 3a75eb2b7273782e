import type { Logger } from "pino";
import type { ClientStreams } from "../edge/client-streams.ts";
import { Lease } from "../fleet/lease.ts";
import { untilAborted } from "../fleet/until-aborted.ts";
import { clock } from "../platform/clock.ts";
import { random } from "../platform/random.ts";
import type { Descriptors } from "../server/descriptors.ts";
import type { LiveSession } from "../sessions/live-session.ts";
import type { SessionStore } from "../sessions/session-store.ts";
import type { Backend } from "../upstream/backend.ts";
import type { UpstreamSession } from "../upstream/sessions/upstream-session.ts";
import type { UpstreamSessions } from "../upstream/sessions/upstream-sessions.ts";
import { readEnvelope } from "../wire/message.ts";
import { relayedRequest } from "./answer-relay.ts";

export interface SessionStreamsParts {
  readonly store: SessionStore;
  readonly upstreams: UpstreamSessions;
  readonly backends: readonly Backend[];
  readonly streams: ClientStreams;
  readonly descriptors: Descriptors;
  readonly log: Logger;
  /** A backend said in the session that its lists changed. Answers what of that to pass on. */
  readonly listsChanged: (
    session: LiveSession,
    backend: Backend,
    text: string,
  ) => string | undefined;
}

/** One process holds a session's stream at a backend: SDK servers allow one. */
const LEASE_MS = 30_000;
const LEASE_RETRY_MS = 1_000;

/** How long a stream that ended is left alone before it is opened again. */
const REOPEN_MS = 500;

/** The longest wait for a backend or store that does not answer. */
const MOST_REOPEN_MS = 15_000;

/** Who waits for a stream to be open does not wait longer: some servers answer a GET with their first event. */
const OPEN_WAIT_MS = 2_000;

interface OpenStream {
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
  readonly #open = new Map<string, OpenStream>();

  constructor(parts: SessionStreamsParts) {
    this.#parts = parts;
  }

  /** Opens what the session should have by now and closes what it should not. Waits a while until it is open. */
  async adjust(session: LiveSession): Promise<void> {
    const opening: Promise<void>[] = [];
    for (const backend of this.#parts.backends) {
      const slot = slotOf(session.key, backend);
      const present = this.#open.get(slot);
      if (!this.#isWanted(session, backend)) present?.stop.abort(new Error("not wanted any more"));
      else if (present === undefined) opening.push(this.#start(session, backend, slot));
      else opening.push(present.opened);
    }
    await untilAborted(Promise.all(opening), clock.timeout(OPEN_WAIT_MS)).catch(() => {});
  }

  /** Lets go of everything for a session that ended. */
  drop(key: string): void {
    for (const backend of this.#parts.backends) {
      this.#open.get(slotOf(key, backend))?.stop.abort(new Error("the session ended"));
    }
  }

  closeAll(): void {
    for (const { stop } of this.#open.values()) stop.abort(new Error("closed"));
  }

  #isWanted(session: LiveSession, backend: Backend): boolean {
    if (session.ended || !this.#parts.streams.isOpen(session.key)) return false;
    if (this.#parts.upstreams.opened(session, backend) === undefined) return false;
    const { notifications, catalog } = backend.settings;
    const subscribed = session.record.subscriptions.some((one) => one.backend === backend.name);
    return subscribed || notifications === "session" || catalog === "perSession";
  }

  #start(session: LiveSession, backend: Backend, slot: string): Promise<void> {
    const giveBack = this.#parts.descriptors.takeStream();
    if (giveBack === undefined) return Promise.resolve();
    const stop = new AbortController();
    const { promise: opened, resolve } = Promise.withResolvers<void>();
    this.#open.set(slot, { stop, opened });
    this.#run(session, backend, stop.signal, resolve)
      .catch((error: unknown) => {
        if (stop.signal.aborted) return;
        this.#parts.log.error({ sid: session.label, backend: backend.name, error }, "stream ends");
      })
      .finally(() => {
        resolve();
        giveBack();
        this.#open.delete(slot);
      });
    return opened;
  }

  async #run(
    session: LiveSession,
    backend: Backend,
    signal: AbortSignal,
    opened: () => void,
  ): Promise<void> {
    const { store, log } = this.#parts;
    const purpose = `stream:${backend.name}`;
    const holder = this.#holder;
    const lease = new Lease({ store, log, key: session.key, purpose, holder, ttlMs: LEASE_MS });
    let failures = 0;
    try {
      while (!signal.aborted) {
        try {
          const pauseMs = await this.#follow(session, backend, lease, signal, opened);
          if (pauseMs === undefined) return;
          failures = 0;
          await clock.sleep(pauseMs, { signal });
        } catch (error) {
          if (signal.aborted) return;
          failures += 1;
          log.info({ sid: session.label, backend: backend.name, error }, "stream lost");
          const pauseMs = Math.min(REOPEN_MS * 2 ** failures, MOST_REOPEN_MS);
          await clock.sleep(pauseMs, { signal });
        }
      }
    } finally {
      lease.release();
    }
  }

  /** One stream, from its opening to its end. Answers how long to wait for the next one, or undefined for none. */
  async #follow(
    session: LiveSession,
    backend: Backend,
    lease: Lease,
    signal: AbortSignal,
    opened: () => void,
  ): Promise<number | undefined> {
    const { upstreams } = this.#parts;
    if (!(await lease.take())) return LEASE_RETRY_MS;
    const upstream = upstreams.opened(session, backend);
    if (upstream === undefined) return undefined;
    const stream = await upstream.stream(signal);
    opened();
    if (stream.kind === "unsupported") return undefined;
    if (stream.kind === "unavailable") throw new Error(`a stream got HTTP ${stream.statusCode}`);
    if (stream.kind === "lost") {
      if (backend.settings.stateful) return undefined;
      await upstreams.lose(session, upstream);
      await upstreams.open(session, backend, signal);
      return 0;
    }
    await lease.during(async () => {
      for await (const { data } of stream.events) {
        if (data !== "") await this.#deliver(session, upstream, data, signal);
      }
    });
    return REOPEN_MS;
  }

  async #deliver(
    session: LiveSession,
    upstream: UpstreamSession,
    text: string,
    signal: AbortSignal,
  ): Promise<void> {
    const { streams, listsChanged, log } = this.#parts;
    const { backend } = upstream;
    try {
      const envelope = readEnvelope(text);
      if (envelope.kind === "notification") {
        const changed = envelope.method.endsWith("/list_changed");
        const news = changed ? listsChanged(session, backend, text) : text;
        if (news !== undefined) streams.send(session.key, news);
      } else if (envelope.kind === "request") {
        const pinged = envelope.method === "ping";
        if (!pinged && streams.send(session.key, relayedRequest(text, envelope, upstream))) return;
        await upstream.settle(envelope, -32000, "the client does not listen", signal);
      }
    } catch (error) {
      if (signal.aborted) throw error;
      log.warn({ backend: backend.name, error }, "a message of a backend was not delivered");
    }
  }
}

function slotOf(key: string, backend: Backend): string {
  return `${key} ${backend.name}`;
}
