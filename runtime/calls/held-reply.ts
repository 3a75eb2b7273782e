import type { Readable } from "node:stream";

import { asFleetError, type FleetError } from "../wire/fleet-error.ts";
import { at } from "../wire/json-text.ts";
import { type FramedMessage, framedText, type Reply } from "../wire/reply.ts";

/** Answers that are held back say little more than that something was done. */
const MAX_HELD_BYTES = 256 * 1024;

/** Holds an answer back, so that something can be done between the backend's answer and the client's. */
export class HeldReply implements Reply {
  readonly #reply: Reply;
  #answer: string | undefined;
  #error: FleetError | undefined;

  constructor(reply: Reply) {
    this.#reply = reply;
  }

  get begun(): boolean {
    return this.#reply.begun;
  }

  get takesEvents(): boolean {
    return this.#reply.takesEvents;
  }

  get gone(): AbortSignal {
    return this.#reply.gone;
  }

  /** Whether the backend answered with a result. */
  get succeeded(): boolean {
    return this.#answer !== undefined && at(this.#answer, "result") !== undefined;
  }

  message(text: string | Buffer): void {
    this.#answer = text.toString();
  }

  framed(message: FramedMessage): void {
    this.message(framedText(message));
  }

  /** @throws where the answer is too long to be held. */
  async stream(body: Readable): Promise<void> {
    const pieces: Buffer[] = [];
    let length = 0;
    for await (const piece of body) {
      length += piece.length;
      if (length > MAX_HELD_BYTES) throw new Error("the answer is too long to be held back");
      pieces.push(piece);
    }
    this.message(Buffer.concat(pieces));
  }

  async event(text: string): Promise<void> {
    if (at(text, "method") === undefined) this.#answer = text;
    else await this.#reply.event(text);
  }

  end(): void {}

  fail(error: FleetError): void {
    this.#error = asFleetError(error);
  }

  /** Lets the answer go. */
  release(): void {
    if (this.#error !== undefined) this.#reply.fail(this.#error);
    else if (this.#answer !== undefined) this.#reply.message(this.#answer);
    else this.#reply.end();
  }
}
