import type { Dispatcher } from "undici";
import type { Hold } from "../../async/byte-budget.ts";
import { clock } from "../../platform/clock.ts";
import type { MessageLimits } from "./message-limits.ts";

/** Where a body comes from. */
export type BodySource = Pick<
  Parameters<Required<Dispatcher.DispatchHandler>["onRequestStart"]>[0],
  "pause" | "resume" | "abort"
>;

export interface BodyStart {
  readonly bytes: Buffer;
  /** Whether the body ended there; otherwise the rest can be read from it. */
  readonly isWhole: boolean;
}

/** How long a server has to end an answer that nobody reads, before its connection is given up. */
const DISCARD_MS = 1_000;

/** So much is taken from the connection before anybody reads it. */
const HIGH_WATER_BYTES = 64 * 1024;

/** The body of a response, as it arrives, for one reader. What nobody reads waits at the server. */
export class ResponseBody implements AsyncIterable<Buffer> {
  /** What its reader holds of it. */
  readonly hold: Hold;
  /** What may be held of it, and of all. */
  readonly limits: MessageLimits;
  readonly #controller: BodySource;
  #pieces: Buffer[] = [];
  #bytes = 0;
  #state: "open" | "ended" | "broken" = "open";
  #error: unknown;
  #wake: () => void = () => {};

  constructor(controller: BodySource, limits: MessageLimits) {
    this.#controller = controller;
    this.limits = limits;
    this.hold = limits.budget.open(limits.holder);
  }

  push(piece: Buffer): void {
    this.#pieces.push(piece);
    this.#bytes += piece.length;
    if (this.#bytes >= HIGH_WATER_BYTES) this.#controller.pause();
    this.#wake();
  }

  end(): void {
    this.#state = "ended";
    this.#wake();
  }

  break(error: unknown): void {
    this.#state = "broken";
    this.#error = error;
    this.hold.release();
    this.#wake();
  }

  /**
   * Whoever stops reading early gives the connection up.
   *
   * @throws what the body breaks off with.
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    try {
      for (;;) {
        const pieces = await this.#take();
        if (pieces.length === 0) return;
        yield* pieces;
      }
    } finally {
      this.destroy();
    }
  }

  /**
   * Reads until the body ends, is longer than the limit, or finds no room to be held. `onPiece` hears of what arrives.
   * What is read is held until the body is destroyed.
   *
   * @throws what the body breaks off with.
   */
  async start(limitBytes: number, onPiece: () => void = () => {}): Promise<BodyStart> {
    const all: Buffer[] = [];
    let length = 0;
    do {
      const pieces = await this.#take();
      onPiece();
      if (pieces.length === 0) return { bytes: beginningOf(all), isWhole: true };
      for (const piece of pieces) length += piece.length;
      all.push(...pieces);
    } while (length <= limitBytes && this.hold.tryGrow(length));
    return { bytes: beginningOf(all), isWhole: false };
  }

  /**
   * Reads all of it, as fast as there is room to hold it.
   *
   * @throws where it is longer than a message may be, and what the body breaks off with.
   */
  async text(): Promise<string> {
    const all: Buffer[] = [];
    const { maxBytes } = this.limits;
    let length = 0;
    try {
      for (let pieces = await this.#take(); pieces.length > 0; pieces = await this.#take()) {
        for (const piece of pieces) length += piece.length;
        all.push(...pieces);
        if (length > maxBytes) throw new Error(tooLong(maxBytes));
        await this.hold.grow(length);
      }
      return beginningOf(all).toString("utf8");
    } finally {
      this.destroy();
    }
  }

  /** Has what is left read by nobody, as long as it is little and soon there, so that the connection can go on. */
  discard(): void {
    const patience = clock.after(DISCARD_MS, () => this.destroy());
    void this.start(HIGH_WATER_BYTES)
      .catch(() => {})
      .then(() => {
        clock.clear(patience);
        this.destroy();
      });
  }

  /** Gives up what has not been read, and the connection where more would come. */
  destroy(): void {
    this.#pieces = [];
    this.hold.release();
    if (this.#state === "open") this.#controller.abort(new Error("the answer was not read on"));
  }

  /** What has arrived, once anything has; nothing at the end. */
  async #take(): Promise<readonly Buffer[]> {
    while (this.#pieces.length === 0 && this.#state === "open") {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const pieces = this.#pieces;
    if (pieces.length === 0 && this.#state === "broken") throw this.#error;
    this.#pieces = [];
    this.#bytes = 0;
    this.#controller.resume();
    return pieces;
  }
}

function tooLong(maxBytes: number): string {
  return `the answer is longer than ${maxBytes} bytes (limits.messageBytes)`;
}

/** What UTF-8 may begin with, which JSON does not. */
const BYTE_ORDER_MARK = Buffer.from("\ufeff");

/** What a body begins with. */
function beginningOf(pieces: readonly Buffer[]): Buffer {
  const [only] = pieces;
  const bytes = pieces.length === 1 && only !== undefined ? only : Buffer.concat(pieces);
  const { length } = BYTE_ORDER_MARK;
  return BYTE_ORDER_MARK.equals(bytes.subarray(0, length)) ? bytes.subarray(length) : bytes;
}
