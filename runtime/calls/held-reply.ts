import type { Readable } from "node:stream";

import { asFleetError, type FleetError } from "../wire/fleet-error.ts";
import { at } from "../wire/json-text.ts";
import { type FramedMessage, framedText, type Reply } from "../wire/reply.ts";

/** Answers that are held back say little more than that something was done. */
const MAX_HELD_BYTES = 256 * 1024;

/** Whether there is room to hold so many bytes of an answer in all. */
export type HasRoom = (bytes: number) => boolean;

/** Holds an answer back, so that something can be done between the backend's answer and the client's. */
export class HeldReply implements Reply {
  readonly #reply: Reply;
  #answer: string | undefined;
  #error: FleetError | undefined;
  readonly #hasRoom: HasRoom;

  constructor(reply: Reply, hasRoom: HasRoom = (bytes) => bytes <= MAX_HELD_BYTES) {
    this.#reply = reply;
    this.#hasRoom = hasRoom;
  }

  get begun(): boolean {
    return this.#reply.begun;
  }

  get takesEvents(): boolean {
    return this.#reply.takesEvents;
  }

  get isGone(): boolean {
    return this.#reply.isGone;
  }

  /** Whether the backend answered with a result. */
  get succeeded(): boolean {
    return this.#answer !== undefined && at(this.#answer, "result") !== undefined;
  }

  /** The answer's text, as far as there is one; undefined for an error of ours. */
  get answer(): string | undefined {
    return this.#answer;
  }

  /** Has another text let go. */
  change(answer: string): void {
    this.#answer = answer;
  }

  message(text: string | Buffer): void {
    this.#requireRoom(Buffer.byteLength(text));
    this.#answer = text.toString();
  }

  framed(message: FramedMessage): void {
    this.message(framedText(message));
  }

  /** @throws where there is no room for the answer. */
  async stream(body: Readable): Promise<void> {
    const pieces: Buffer[] = [];
    let length = 0;
    for await (const piece of body) {
      length += piece.length;
      this.#requireRoom(length);
      pieces.push(piece);
    }
    this.message(Buffer.concat(pieces));
  }

  async event(text: string): Promise<void> {
    if (at(text, "method") === undefined) this.message(text);
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

  #requireRoom(bytes: number): void {
    if (!this.#hasRoom(bytes)) throw new Error("there is no room to hold the answer back");
  }
}
