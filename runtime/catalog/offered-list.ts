import { digestOf } from "./listing.ts";

export interface Page {
  readonly texts: readonly string[];
  readonly nextCursor?: string;
}

export interface OfferedListParts {
  readonly names: readonly string[];
  readonly texts: readonly string[];
  /** Items of which clients are not told when they change. */
  readonly silentNames: ReadonlySet<string>;
  /** Default: that of the texts. */
  readonly digest?: string;
  /** Default: that of the texts of all items but the silent ones. */
  readonly announcedDigest?: string;
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

  #announcedDigest(): string {
    if (this.#silentNames.size === 0) return this.digest;
    const isAnnounced = (_: string, index: number) =>
      !this.#silentNames.has(this.names[index] ?? "");
    return digestOf(this.texts.filter(isAnnounced));
  }
}

function encodeCursor(name: string): string {
  return Buffer.from(name).toString("base64url");
}

function decodeCursor(cursor: string): string {
  return Buffer.from(cursor, "base64url").toString();
}
