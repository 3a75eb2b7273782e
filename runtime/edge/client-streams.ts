import type { FastifyReply } from "fastify";
import { random } from "../platform/random.ts";
import type { LiveSession } from "../sessions/live-session.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import { ClientStream } from "./client-stream.ts";
import type { KeepAlive } from "./keep-alive.ts";

export interface ClientStreamsParts {
  readonly keepAlive: KeepAlive;
  /** Open streams a session may have; the oldest gives way to one more. */
  readonly perSession: number;
  readonly metrics: Metrics;
}

/** How long clients of a process that ends take on average to open their streams elsewhere. */
const RECONNECT_SPREAD_MS = 1_000;

interface Listeners {
  readonly opened: (session: LiveSession) => void;
  readonly closed: (session: LiveSession) => void;
  readonly used: (session: LiveSession) => void;
}

/** The open GET streams of this process. A message goes to one stream of its session: the newest. */
export class ClientStreams {
  readonly #parts: ClientStreamsParts;
  readonly #streams = new Map<string, ClientStream[]>();
  #listeners: Listeners = { opened: () => {}, closed: () => {}, used: () => {} };

  constructor(parts: ClientStreamsParts) {
    this.#parts = parts;
  }

  listen(listeners: Listeners): void {
    this.#listeners = listeners;
  }

  open(session: LiveSession, reply: FastifyReply): void {
    const { keepAlive, perSession, metrics } = this.#parts;
    const stream = new ClientStream(session, reply, () => this.#listeners.used(session));
    const streams = this.#streams.get(session.key) ?? [];
    if (streams.length >= perSession) streams[0]?.close();
    streams.push(stream);
    this.#streams.set(session.key, streams);
    keepAlive.add(stream);
    metrics.streams.inc();
    stream.onClose(() => this.#closed(stream));
    if (streams.length === 1) this.#listeners.opened(session);
  }

  /** Whether there was a stream that took the message. */
  send(key: string, text: string): boolean {
    const streams = this.#streams.get(key) ?? [];
    return streams.toReversed().some((stream) => stream.send(text));
  }

  get count(): number {
    let count = 0;
    for (const streams of this.#streams.values()) count += streams.length;
    return count;
  }

  isOpen(key: string): boolean {
    return this.#streams.has(key);
  }

  /** The session of the streams that are open under this key. */
  session(key: string): LiveSession | undefined {
    return this.#streams.get(key)?.[0]?.session;
  }

  /** The sessions that have a stream here. */
  *sessions(): Generator<LiveSession> {
    for (const [stream] of this.#streams.values()) if (stream !== undefined) yield stream.session;
  }

  close(key: string): void {
    for (const stream of this.#streams.get(key) ?? []) stream.close();
  }

  /** Sends every client elsewhere, spread over a while so that they do not all arrive at once. */
  sendAway(): void {
    for (const streams of this.#streams.values()) {
      const retryMs = Math.round(RECONNECT_SPREAD_MS * (0.5 + random.fraction()));
      for (const stream of streams) stream.close(retryMs);
    }
  }

  #closed(stream: ClientStream): void {
    const { keepAlive, metrics } = this.#parts;
    const { session } = stream;
    keepAlive.delete(stream);
    metrics.streams.dec();
    const rest = (this.#streams.get(session.key) ?? []).filter((other) => other !== stream);
    if (rest.length > 0) this.#streams.set(session.key, rest);
    else {
      this.#streams.delete(session.key);
      this.#listeners.closed(session);
    }
  }
}
