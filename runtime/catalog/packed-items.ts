/** An item in memory beside its text: its name, where it leads, and its places in lists. */
export const ITEM_BYTES = 384;

const SEPARATOR = ",";

/** The JSON texts of a list's items, as the bytes that clients get: a part of the list is a part of them. Never changes. */
export class PackedItems {
  readonly #bytes: Buffer;
  /** Where each item begins, and where one behind the last would. */
  readonly #starts: Uint32Array;

  constructor(texts: readonly string[]) {
    this.#bytes = Buffer.from(texts.join(SEPARATOR));
    this.#starts = new Uint32Array(texts.length + 1);
    let start = 0;
    for (const [index, text] of texts.entries()) {
      start += Buffer.byteLength(text) + SEPARATOR.length;
      this.#starts[index + 1] = start;
    }
  }

  /** What it is counted as, in memory. */
  get bytes(): number {
    return this.#bytes.length + (this.#starts.length - 1) * ITEM_BYTES;
  }

  /** The items from one place up to another one, with commas between them. Not to be written to. */
  between(start: number, end: number): Buffer {
    if (start >= end) return this.#bytes.subarray(0, 0);
    return this.#bytes.subarray(this.#starts[start], (this.#starts[end] ?? 0) - SEPARATOR.length);
  }

  text(index: number): string {
    return this.between(index, index + 1).toString();
  }

  /** Only those at these places. */
  pick(places: readonly number[]): PackedItems {
    return new PackedItems(places.map((place) => this.text(place)));
  }
}
