import type { Dispatcher } from "undici";
import { clock } from "../../platform/clock.ts";

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
  readonly #controller: BodySource;
  #pieces: Buffer[] = [];
  #bytes = 0;
  #state: "open" | "ended" | "broken" = "open";
  #error: unknown;
  #wake: () => void = () => {};

  constructor(controller: BodySource) {
    this.#controller = controller;
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
   * Reads until the body ends, or is longer than the limit. `onPiece` hears of what arrives.
   *
   * @throws what the body breaks off with.
   */
  async start(limitBytes: number, onPiece: () => void = () => {}): Promise<BodyStart> {
    const all: Buffer[] = [];
    let length = 0;
    do {
      const pieces = await this.#take();
      onPiece();
      if (pieces.length === 0) return { bytes: joined(all), isWhole: true };
      for (const piece of pieces) length += piece.length;
      all.push(...pieces);
    } while (length <= limitBytes);
    return { bytes: joined(all), isWhole: false };
  }

  async text(): Promise<string> {
    const { bytes } = await this.start(Number.POSITIVE_INFINITY);
    return bytes.toString("utf8");
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

function joined(pieces: readonly Buffer[]): Buffer {
  const [only] = pieces;
  return pieces.length === 1 && only !== undefined ? only : Buffer.concat(pieces);
}
