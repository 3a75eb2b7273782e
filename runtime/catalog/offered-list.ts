import { digestOf } from "./listing.ts";

export interface Page {
  readonly texts: readonly string[];
  readonly nextCursor?: string;
}

/** A list as clients of one kind get it. Never changes. */
export class OfferedList {
  readonly names: readonly string[];
  readonly texts: readonly string[];
  /** Two lists with one digest are the same list, but for items whose changes clients are not told of. */
  readonly digest: string;
  readonly #isAnnounced: readonly boolean[] | undefined;

  /** @param isAnnounced which items' changes clients are told of, by their places; absent: all. */
  constructor(
    names: readonly string[],
    texts: readonly string[],
    digest: string,
    isAnnounced?: readonly boolean[],
  ) {
    this.names = names;
    this.texts = texts;
    this.digest = digest;
    this.#isAnnounced = isAnnounced;
  }

  /** The same without the items for which `keeps` is false, by their places. */
  filter(keeps: readonly boolean[]): OfferedList {
    if (keeps.every(Boolean)) return this;
    const kept = (_: unknown, index: number) => keeps[index] === true;
    const texts = this.texts.filter(kept);
    const isAnnounced = this.#isAnnounced?.filter(kept);
    const announced = isAnnounced ? texts.filter((_, index) => isAnnounced[index]) : texts;
    return new OfferedList(this.names.filter(kept), texts, digestOf(announced), isAnnounced);
  }

  /**
   * The items after the one that a cursor names: a cursor stays good while the list changes around it.
   * Undefined for a cursor that is none of ours, or whose item is gone.
   */
  page(cursor: string | undefined, pageSize: number): Page | undefined {
    const { names, texts } = this;
    const start = cursor === undefined ? 0 : names.indexOf(decodeCursor(cursor)) + 1;
    if (cursor !== undefined && start === 0) return undefined;
    const end = Math.min(start + pageSize, names.length);
    const last = names[end - 1];
    const more = end < names.length && last !== undefined;
    return { texts: texts.slice(start, end), ...(more ? { nextCursor: encodeCursor(last) } : {}) };
  }
}

function encodeCursor(name: string): string {
  return Buffer.from(name).toString("base64url");
}

function decodeCursor(cursor: string): string {
  return Buffer.from(cursor, "base64url").toString();
}
