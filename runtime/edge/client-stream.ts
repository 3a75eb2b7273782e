import type { FastifyReply } from "fastify";

import type { Hold } from "../async/byte-budget.ts";
import { clock } from "../platform/clock.ts";
import type { LiveSession } from "../sessions/live-session.ts";
import { encodeEvent, SSE_KEEP_ALIVE } from "../wire/sse.ts";
import { beginEvents } from "./http-response.ts";
import type { KeepAliveTarget } from "./keep-alive.ts";

/** A client that lets this much pile up does not read: its stream is closed, and it may open a new one. */
const MAX_BACKLOG_BYTES = 1024 * 1024;

/** One GET stream of a client: what is said to it unasked. */
export class ClientStream implements KeepAliveTarget {
  readonly session: LiveSession;
  slot = -1;
  readonly #reply: FastifyReply;
  /** What the client has not read. */
  readonly #hold: Hold;

  /** When the credential ends that opened it; undefined where it does not. */
  readonly #endsAtMs: number | undefined;

  constructor(session: LiveSession, reply: FastifyReply, hold: Hold, endsAtMs?: number) {
    this.session = session;
    this.#endsAtMs = endsAtMs;
    this.#reply = reply;
    this.#hold = hold;
    reply.raw.on("drain", () => hold.release()).once("close", () => hold.release());
    // A stream mostly ends with its process, when a request that takes over its connection would be cut.
    beginEvents(reply, { connection: "close" });
  }

  onClose(listener: () => void): void {
    this.#reply.raw.once("close", listener);
  }

  /** Whether the message was taken. */
  send(text: string): boolean {
    const { raw } = this.#reply;
    if (!this.#isOpen) return false;
    const event = Buffer.from(encodeEvent(text));
    const backlogBytes = raw.writableLength;
    if (backlogBytes > MAX_BACKLOG_BYTES || !this.#hold.tryGrow(backlogBytes + event.length)) {
      raw.destroy();
      return false;
    }
    if (raw.write(event)) this.#hold.release();
    return true;
  }

  /** A comment finds out whether it is still open. It ends with its credential: whoever has a new one opens another. */
  tick(): void {
    if (this.#endsAtMs !== undefined && clock.now() >= this.#endsAtMs) this.close();
    else if (this.#isOpen) this.#reply.raw.write(SSE_KEEP_ALIVE);
  }

  /** With `retryMs`, the client is asked to open a new stream after that time. */
  close(retryMs?: number): void {
    if (!this.#isOpen) return;
    this.#reply.raw.end(retryMs === undefined ? undefined : `retry: ${retryMs}\n\n`);
  }

  /** What is ended still has to reach the client before it is closed: nothing may be written then. */
  get #isOpen(): boolean {
    const { raw } = this.#reply;
    return !raw.writableEnded && !raw.destroyed;
  }
}
