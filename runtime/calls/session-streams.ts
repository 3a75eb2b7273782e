import type { Settings } from "@mcp-fleet/contract/settings";
import type { Logger } from "pino";
import { untilAborted } from "../async/until-aborted.ts";
import type { LeaseStore } from "../fleet/lease-store.ts";
import { clock } from "../platform/clock.ts";
import type { Events } from "../sessions/events.ts";
import type { LiveSession } from "../sessions/live-session.ts";
import type { Backend } from "../upstream/backend.ts";
import type { BackendRegistry } from "../upstream/backend-registry.ts";
import type { UpstreamSession } from "../upstream/sessions/upstream-session.ts";
import type { UpstreamSessions } from "../upstream/sessions/upstream-sessions.ts";
import type { StreamPeers, StreamWord } from "../upstream/stream-peers.ts";
import { type Envelope, envelopeOf, readEnvelope } from "../wire/message.ts";
import { listsChangedBy } from "../wire/methods.ts";
import { noticeFor } from "./backend-notice.ts";
import type { ClientListeners } from "./client-listeners.ts";
import { type Refusal, tooMany, undeclared, unheard } from "./question.ts";
import { relayedRequest } from "./relayed-request.ts";
import type { RunningCall } from "./running-calls.ts";
import { SessionStream } from "./session-stream.ts";

export interface SessionStreamsParts {
  readonly leases: LeaseStore;
  readonly upstreams: UpstreamSessions;
  readonly backends: BackendRegistry;
  readonly streams: ClientListeners;
  readonly peers: StreamPeers;
  readonly events: Events;
  /**
   * Counts one more stream, which is asked whether it gives way where a client needs the room. Returns what gives it
   * back; undefined where there is no room.
   */
  readonly acquireStream: (yields: () => boolean) => (() => void) | undefined;
  /** Clients see no other backend. */
  readonly isOnlyBackend: boolean;
  /** Clients hear of changed lists in its own words. */
  readonly relaysListChanges: boolean;
  readonly limits: Settings["limits"];
  readonly log: Logger;
}

/**
 * The streams that sessions have at backends of their own. Where the client declared that it can be asked something,
 * while calls run and a while longer; and while the client listens, where it subscribed to something or the backend
 * is configured to speak to each session.
 */
export class SessionStreams {
  readonly #parts: SessionStreamsParts;
  /** By session, then by the backend's name. */
  readonly #open = new Map<string, Map<string, SessionStream>>();
  /** The epochs of the backend sessions that have no stream, by the backend's name. */
  readonly #without = new WeakMap<LiveSession, Map<string, number>>();

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
      for (const stream of this.#open.get(record.key)?.values() ?? []) {
        stream.session.follow(record);
        stream.follows(record.upstreams[stream.backend.name]?.epoch);
      }
      const session = streams.session(record.key);
      session?.follow(record);
      if (session !== undefined) await this.adjust(session);
    });
  }

  /**
   * A call begins: what the backend asks during it has a way to the client. Hand back what it returns with `end` once
   * the call is over; undefined where there is nothing to ask or no stream to be had.
   */
  begin(
    session: LiveSession,
    { backend, record }: UpstreamSession,
    call: RunningCall,
  ): SessionStream | undefined {
    // The one stream of HTTP+SSE brings the answers, too.
    if (!session.canBeAsked || backend.settings.transport === "sse") return undefined;
    if (this.#hasNone(session, backend, record.epoch)) return undefined;
    const open = this.#open.get(session.key)?.get(backend.name);
    const stream = open?.isStopped === false ? open : this.#start(session, backend, record.epoch);
    stream.begin(call, record.epoch);
    return stream;
  }

  /** Opens what the session should have by now and closes what it should not. Waits a while until it is open. */
  async adjust(session: LiveSession): Promise<void> {
    const opening: Promise<void>[] = [];
    const open = this.#open.get(session.key);
    for (const stream of open?.values() ?? []) {
      if (!stream.isUsed && !this.#isWanted(session, stream.backend)) stream.stop("not wanted");
      else if (this.#parts.backends.get(stream.backend.name) !== stream.backend) {
        stream.stop("the backend is gone");
      }
    }
    for (const backend of this.#parts.backends.all) {
      if (!this.#isWanted(session, backend)) continue;
      const epoch = this.#parts.upstreams.opened(session, backend)?.record.epoch ?? 0;
      if (this.#hasNone(session, backend, epoch)) continue;
      const present = open?.get(backend.name);
      const stream = present?.isStopped === false ? present : this.#start(session, backend, epoch);
      if (stream.opening !== undefined) opening.push(stream.opening);
    }
    if (opening.length === 0) return;
    const waitMs = this.#parts.limits.sessionStreamWaitSeconds * 1000;
    await untilAborted(Promise.all(opening), clock.timeout(waitMs)).catch(() => {});
  }

  /** What another process says. Returns whether it could be done. */
  async hear({ key, backend, news, text }: StreamWord): Promise<boolean> {
    const stream = this.#open.get(key)?.get(backend);
    if (news === "message") return await this.#handHere(key, backend, text);
    if (stream === undefined) return false;
    if (news === "follow") return await stream.follow(text);
    if (news === "free") stream.wake();
    else stream.calls.waitForClient();
    return false;
  }

  closeAll(): void {
    for (const key of [...this.#open.keys()]) this.#drop(key, "closed");
  }

  #drop(key: string, reason = "the session ended"): void {
    for (const stream of this.#open.get(key)?.values() ?? []) stream.stop(reason);
  }

  /** There are other backends than before. */
  async #adjustAll(): Promise<void> {
    const sessions = [...this.#open.values()].flatMap((ofSession) => {
      const [stream] = ofSession.values();
      return stream === undefined ? [] : [stream.session];
    });
    await Promise.all(sessions.map((session) => this.adjust(session)));
  }

  /** Whether the client listens to what the backend says whenever it likes. */
  #isWanted(session: LiveSession, backend: Backend): boolean {
    if (this.#parts.backends.get(backend.name) !== backend) return false;
    if (session.ended || !this.#parts.streams.isOpen(session.key)) return false;
    if (this.#parts.upstreams.opened(session, backend) === undefined) return false;
    const { notifications, catalog, stateful, transport } = backend.settings;
    if (notifications === "session" || catalog === "perSession") return true;
    // Once open, the end of the stream could be the end of what the session holds: see `SessionStream.isUsed`.
    if (stateful && session.canBeAsked && transport !== "sse") return true;
    return session.record.subscriptions.some((one) => one.backend === backend.name);
  }

  #hasNone(session: LiveSession, backend: Backend, epoch: number): boolean {
    return this.#without.get(session)?.get(backend.name) === epoch;
  }

  #start(session: LiveSession, backend: Backend, epoch: number): SessionStream {
    const { limits } = this.#parts;
    const ofSession = this.#open.get(session.key) ?? new Map<string, SessionStream>();
    const earlier = ofSession.get(backend.name)?.ended ?? Promise.resolve();
    const stream: SessionStream = new SessionStream({
      ...this.#parts,
      session,
      backend,
      epoch,
      earlier,
      questionsPerMinute: limits.serverRequests,
      waitMs: limits.sessionStreamWaitSeconds * 1000,
      lingerMs: limits.sessionStreamLingerSeconds * 1000,
      deliver: (upstream, text, signal) => this.#deliver(stream, upstream, text, signal),
      onUnsupported: (without) => {
        const epochs = this.#without.get(session) ?? new Map<string, number>();
        this.#without.set(session, epochs.set(backend.name, without));
      },
      isWanted: () => this.#isWanted(session, backend),
    });
    this.#open.set(session.key, ofSession.set(backend.name, stream));
    void stream.ended.then(() => {
      if (ofSession.get(backend.name) === stream) ofSession.delete(backend.name);
      if (ofSession.size === 0 && this.#open.get(session.key) === ofSession) {
        this.#open.delete(session.key);
      }
    });
    return stream;
  }

  async #deliver(
    stream: SessionStream,
    upstream: UpstreamSession,
    text: string,
    signal: AbortSignal,
  ): Promise<void> {
    const { isOnlyBackend, relaysListChanges, events, log } = this.#parts;
    const { session, backend } = stream;
    try {
      const envelope = readEnvelope(text);
      if (envelope.kind === "notification") {
        const changed = listsChangedBy(envelope.method).length > 0;
        if (changed) events.emit("listChanged", session, backend.name);
        if (changed && !relaysListChanges) return;
        const notice = noticeFor({ session, upstream, envelope, text, isOnlyBackend });
        if (notice !== undefined) await this.#hand(stream, notice);
      } else if (envelope.kind === "request") {
        const refusal = await this.#ask(stream, upstream, envelope, text);
        if (refusal !== undefined) {
          await upstream.respond(envelope, refusal.code, refusal.message, signal);
        }
      }
    } catch (error) {
      if (signal.aborted) throw error;
      log.warn({ backend: backend.name, error }, "a message from a backend was not delivered");
    }
  }

  /** Asks the client what the backend wants to know. Returns why it does not; a ping is not for clients. */
  async #ask(
    stream: SessionStream,
    upstream: UpstreamSession,
    envelope: Envelope,
    text: string,
  ): Promise<Refusal | undefined> {
    const notHeard = unheard("the client does not listen");
    if (envelope.method === "ping") return notHeard;
    const refusal = undeclared(envelope, stream.session.record.capabilities);
    if (refusal !== undefined) return refusal;
    if (stream.questions.take() > 0) return tooMany(this.#parts.limits.serverRequests);
    if (!(await this.#hand(stream, relayedRequest(text, envelope, upstream)))) return notHeard;
    void stream.tellFollowers("asked", "");
    return undefined;
  }

  /** Brings a message to the client, from here or from another process that can. */
  async #hand(stream: SessionStream, text: string): Promise<boolean> {
    const { session, backend } = stream;
    if (await this.#handHere(session.key, backend.name, text)) return true;
    return await stream.tellFollowers("message", text);
  }

  /** Brings a message to the client: what it is asked with a call that waits, anything else on its own stream. */
  async #handHere(key: string, backend: string, text: string): Promise<boolean> {
    const calls = this.#open.get(key)?.get(backend)?.calls;
    if (envelopeOf(text)?.kind === "request" && calls !== undefined) {
      calls.waitForClient();
      if (await calls.ask(text)) return true;
    }
    return this.#parts.streams.send(key, text);
  }
}
