import type { FastifyReply } from "fastify";
import type { ByteBudget } from "../async/byte-budget.ts";
import { random } from "../platform/random.ts";
import type { Events } from "../sessions/events.ts";
import type { LiveSession } from "../sessions/live-session.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import { ClientStream } from "./client-stream.ts";
import type { KeepAlive } from "./keep-alive.ts";

export interface ClientStreamsParts {
  readonly keepAlive: KeepAlive;
  /** Open streams a session may have; the oldest gives way to one more. */
  readonly perSession: number;
  /** What unread messages are counted by. */
  readonly budget: ByteBudget;
  readonly events: Events;
  readonly metrics: Metrics;
}

/** How long clients of a process that ends take on average to open their streams elsewhere. */
const RECONNECT_SPREAD_MS = 1_000;

/** The open GET streams of this process. A message goes to one stream of its session: the newest. */
export class ClientStreams {
  readonly #parts: ClientStreamsParts;
  readonly #streams = new Map<string, ClientStream[]>();

  constructor(parts: ClientStreamsParts) {
    this.#parts = parts;
    parts.events.on("sessionGone", (key) => this.#close(key));
  }

  /** Opens a stream, which ends once the credential that opened it does: at the next keep-alive. */
  open(session: LiveSession, reply: FastifyReply, endsAtMs?: number): void {
    const { keepAlive, perSession, budget, events, metrics } = this.#parts;
    const stream = new ClientStream(session, reply, budget.open(), endsAtMs);
    const streams = this.#streams.get(session.key) ?? [];
    if (streams.length >= perSession) streams[0]?.close();
    streams.push(stream);
    this.#streams.set(session.key, streams);
    keepAlive.add(stream);
    metrics.streams.inc();
    stream.onClose(() => this.#closed(stream));
    if (streams.length === 1) events.emit("streamOpened", session);
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

  /** Closes all, and asks clients to open new ones, spread over a while so that they do not all arrive at once elsewhere. */
  closeAll(): void {
    for (const streams of this.#streams.values()) {
      const retryMs = Math.round(RECONNECT_SPREAD_MS * (0.5 + random.fraction()));
      for (const stream of streams) stream.close(retryMs);
    }
  }

  #close(key: string): void {
    for (const stream of this.#streams.get(key) ?? []) stream.close();
  }

  #closed(stream: ClientStream): void {
    const { keepAlive, events, metrics } = this.#parts;
    const { session } = stream;
    keepAlive.delete(stream);
    metrics.streams.dec();
    const rest = (this.#streams.get(session.key) ?? []).filter((other) => other !== stream);
    if (rest.length > 0) this.#streams.set(session.key, rest);
    else {
      this.#streams.delete(session.key);
      events.emit("streamClosed", session);
    }
  }
}
