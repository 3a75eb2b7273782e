import { PassThrough, type Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { FleetError } from "../wire/fleet-error.ts";
import type { FramedMessage, Reply } from "../wire/reply.ts";

/** An answer on its way to the client, of which the beginning is kept for its event. */
export class AuditedReply implements Reply {
  readonly #reply: Reply;
  readonly #keptBytes: number;
  #kept: Buffer = Buffer.alloc(0);
  #bytes = 0;

  /** @param keptBytes how much of the answer is kept. */
  constructor(reply: Reply, keptBytes: number) {
    this.#reply = reply;
    this.#keptBytes = keptBytes;
  }

  /** How long the answer is: of an event stream, its last message. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The beginning of it. */
  get kept(): Buffer {
    return this.#kept;
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

  message(text: string | Buffer): void {
    this.#begin();
    this.#keep(typeof text === "string" ? Buffer.from(text) : text);
    this.#reply.message(text);
  }

  framed(message: FramedMessage): void {
    this.#begin();
    for (const piece of [Buffer.from(message.head), message.body, Buffer.from(message.tail)]) {
      this.#keep(piece);
    }
    this.#reply.framed(message);
  }

  async stream(body: Readable): Promise<void> {
    this.#begin();
    const tapped = new PassThrough({
      transform: (piece: Buffer, _encoding, done) => {
        this.#keep(piece);
        done(null, piece);
      },
    });
    // Whoever reads what is passed on gets the failure.
    pipeline(body, tapped).catch(() => {});
    await this.#reply.stream(tapped);
  }

  async event(text: string): Promise<void> {
    this.#begin();
    this.#keep(Buffer.from(text));
    await this.#reply.event(text);
  }

  end(): void {
    this.#reply.end();
  }

  fail(error: FleetError): void {
    this.#reply.fail(error);
  }

  #begin(): void {
    this.#kept = Buffer.alloc(0);
    this.#bytes = 0;
  }

  #keep(piece: Buffer): void {
    this.#bytes += piece.length;
    const room = this.#keptBytes - this.#kept.length;
    if (room > 0) this.#kept = Buffer.concat([this.#kept, piece.subarray(0, room)]);
  }
}
