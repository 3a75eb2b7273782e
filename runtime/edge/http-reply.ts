import { once } from "node:events";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

import type { FastifyReply } from "fastify";

import type { FleetError } from "../wire/fleet-error.ts";
import { JSON_CONTENT_TYPE } from "../wire/message.ts";
import { type FramedMessage, framedText, type Reply } from "../wire/reply.ts";
import { EVENT_END, EVENT_START, encodeEvent, inOneLine, SSE_KEEP_ALIVE } from "../wire/sse.ts";
import { beginAnswer, beginEvents, sendError } from "./http-response.ts";
import type { KeepAlive, KeepAliveTarget } from "./keep-alive.ts";
import type { AnswerForm } from "./negotiation.ts";

type Mode = "open" | "json" | "sse" | "ended";

/**
 * The answer to one POST of an open session. A backend that is silent for long makes it an SSE stream with comments, so that
 * nothing in between takes the connection for dead.
 */
export class HttpReply implements Reply, KeepAliveTarget {
  slot = -1;
  readonly #reply: FastifyReply;
  readonly #idText: string;
  readonly #keepAlive: KeepAlive;
  readonly #form: AnswerForm;
  #isGone = false;
  /** Aborted when the client is gone; there only for who waits for it. */
  #gone: AbortController | undefined;
  #mode: Mode = "open";
  #idleTicks = 0;
  /** An event that is passed on as it arrives. */
  #streaming: Promise<void> | undefined;

  constructor(reply: FastifyReply, idText: string, keepAlive: KeepAlive, form: AnswerForm) {
    this.#reply = reply;
    this.#idText = idText;
    this.#keepAlive = keepAlive;
    this.#form = form;
    keepAlive.add(this);
    reply.raw.once("close", () => {
      keepAlive.delete(this);
      if (!reply.raw.writableFinished) this.#leave();
    });
  }

  get begun(): boolean {
    return this.#mode !== "open";
  }

  get takesEvents(): boolean {
    const isOpen = this.#mode === "open" || this.#mode === "sse";
    return this.#form !== "json" && isOpen && !this.#isGone;
  }

  get isGone(): boolean {
    return this.#isGone;
  }

  message(text: string | Buffer): void {
    if (this.#mode === "open" && this.#form === "events") this.#beginSse();
    if (this.#mode === "sse") {
      // An event that is being passed on comes first; it ends in any case.
      if (this.#streaming !== undefined) {
        void this.#streaming.then(() => this.message(text));
        return;
      }
      void this.event(text.toString());
      this.end();
      return;
    }
    if (this.#mode !== "open") return;
    this.#finish("json");
    this.#reply.header("content-type", JSON_CONTENT_TYPE).send(text);
  }

  framed(message: FramedMessage): void {
    if (this.#mode !== "open" || this.#form === "events") {
      this.message(framedText(message));
      return;
    }
    const { head, body, tail } = message;
    const length = Buffer.byteLength(head) + body.length + Buffer.byteLength(tail);
    this.#finish("json");
    const headers = { "content-type": JSON_CONTENT_TYPE, "content-length": String(length) };
    beginAnswer(this.#reply, headers);
    const { raw } = this.#reply;
    raw.write(head);
    raw.write(body);
    raw.end(tail);
  }

  async stream(body: Readable): Promise<void> {
    if (this.#mode === "sse" || this.#form === "events") {
      await this.streamEvent(body);
      return this.end();
    }
    this.#finish("json");
    beginAnswer(this.#reply, { "content-type": JSON_CONTENT_TYPE });
    await pipeline(body, this.#reply.raw).catch((error: NodeJS.ErrnoException) => {
      const clientLeft = error.code === "ERR_STREAM_PREMATURE_CLOSE";
      if (!clientLeft) throw error;
    });
  }

  async event(text: string): Promise<void> {
    if (!this.takesEvents) return;
    while (this.#streaming !== undefined) await this.#streaming;
    if (this.#mode === "open") this.#beginSse();
    if (this.#mode !== "sse") return;
    this.#idleTicks = 0;
    await this.#write(encodeEvent(text));
  }

  /**
   * One event whose data is passed on as it arrives; every other one waits meanwhile.
   *
   * @throws what the body breaks off with, and then the connection is broken off, too.
   */
  async streamEvent(body: Readable): Promise<void> {
    const { raw } = this.#reply;
    let isBegun = false;
    // A body that breaks off ends the wait for a client that does not read.
    body.once("error", () => {
      if (isBegun) raw.destroy();
    });
    while (this.#streaming !== undefined) await this.#streaming;
    if (body.errored !== null) throw body.errored;
    isBegun = true;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#streaming = promise;
    try {
      if (this.#mode === "open") this.#beginSse();
      if (this.#mode === "sse") await this.#writeEvent(body);
    } finally {
      this.#streaming = undefined;
      resolve();
    }
  }

  async #writeEvent(body: Readable): Promise<void> {
    await this.#write(EVENT_START);
    for await (const piece of body) {
      if (this.#isGone) return;
      await this.#write(inOneLine(piece));
    }
    await this.#write(EVENT_END);
  }

  async #write(text: string | Buffer): Promise<void> {
    const { raw } = this.#reply;
    if (this.#isGone || raw.write(text) || this.#isGone) return;
    this.#gone ??= new AbortController();
    await once(raw, "drain", { signal: this.#gone.signal }).catch(() => {});
  }

  end(): void {
    if (this.#mode === "open" && this.#form === "json") {
      this.#finish("ended");
      this.#reply.code(202).send();
      return;
    }
    if (this.#mode === "open") this.#beginSse();
    if (this.#mode !== "sse") return;
    this.#finish("ended");
    this.#reply.raw.end();
  }

  fail(error: FleetError): void {
    const isEvent = this.#form === "events" && error.statusInSession === 200;
    if (this.#mode === "open" && isEvent) {
      this.message(error.toJsonRpc(this.#idText));
    } else if (this.#mode === "open") {
      this.#finish("json");
      sendError(this.#reply, error, this.#idText, error.statusInSession);
    } else if (this.#mode === "sse" && !this.#isBusy) {
      this.message(error.toJsonRpc(this.#idText));
    } else {
      this.#reply.raw.destroy();
    }
  }

  /** Whether the client has not taken what was written, or is in the midst of an event. */
  get #isBusy(): boolean {
    return this.#streaming !== undefined || this.#reply.raw.writableNeedDrain;
  }

  /** The first tick may come right after the request: only the second one says that it was quiet for long. */
  tick(): void {
    this.#idleTicks += 1;
    if (this.#idleTicks < 2 || !this.takesEvents) return;
    if (this.#mode === "open") this.#beginSse();
    // A comment would stand in the midst of an event that is being streamed.
    if (this.#mode === "sse" && this.#streaming === undefined) {
      this.#reply.raw.write(SSE_KEEP_ALIVE);
    }
  }

  #leave(): void {
    this.#isGone = true;
    this.#gone?.abort(new Error("the client is gone"));
  }

  #beginSse(): void {
    this.#mode = "sse";
    beginEvents(this.#reply);
  }

  #finish(mode: Mode): void {
    this.#mode = mode;
    this.#keepAlive.delete(this);
  }
}
