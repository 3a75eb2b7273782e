import type { Readable } from "node:stream";

import type { FleetError } from "../wire/fleet-error.ts";
import { type FramedMessage, framedText, type Reply } from "../wire/reply.ts";
import type { HttpReply } from "./http-reply.ts";

/** The answer to one request of a batch: its messages become events of the one stream that the batch is answered on. */
export class BatchReply implements Reply {
  readonly #stream: HttpReply;
  readonly #idText: string;
  #ended = false;
  #written: Promise<void> = Promise.resolve();

  constructor(stream: HttpReply, idText: string) {
    this.#stream = stream;
    this.#idText = idText;
  }

  get begun(): boolean {
    return this.#stream.begun;
  }

  get takesEvents(): boolean {
    return !this.#ended && this.#stream.takesEvents;
  }

  get isGone(): boolean {
    return this.#stream.isGone;
  }

  /** Resolves when the answer has its place in the stream. */
  get written(): Promise<void> {
    return this.#written;
  }

  message(text: string | Buffer): void {
    if (!this.#ended) this.#written = this.#stream.event(text.toString());
    this.#ended = true;
  }

  framed(message: FramedMessage): void {
    this.message(framedText(message));
  }

  async stream(body: Readable): Promise<void> {
    if (!this.#ended) await this.#stream.streamEvent(body);
    this.#ended = true;
  }

  async event(text: string): Promise<void> {
    if (!this.#ended) await this.#stream.event(text);
  }

  end(): void {
    this.#ended = true;
  }

  fail(error: FleetError): void {
    this.message(error.toJsonRpc(this.#idText));
  }
}
