import { digestOf } from "./listing.ts";
import type { PackedItems } from "./packed-items.ts";

export interface Page {
  /** JSON texts with commas between them. Not to be written to. */
  readonly items: Buffer;
  readonly nextCursor?: string;
}

/** A list as clients of one kind get it. Never changes. */
export class OfferedList {
  readonly names: readonly string[];
  readonly items: PackedItems;
  /** Two lists with one digest are the same list, but for items whose changes clients are not told of. */
  readonly digest: string;
  readonly #isAnnounced: readonly boolean[] | undefined;

  /** @param isAnnounced which items' changes clients are told of, by their places; absent: all. */
  constructor(
    names: readonly string[],
    items: PackedItems,
    digest: string,
    isAnnounced?: readonly boolean[],
  ) {
    this.names = names;
    this.items = items;
    this.digest = digest;
    this.#isAnnounced = isAnnounced;
  }

  /** The same without the items for which `keeps` is false, by their places. */
  filter(keeps: readonly boolean[]): OfferedList {
    if (keeps.every(Boolean)) return this;
    const places = [...this.names.keys()].filter((place) => keeps[place] === true);
    const names = places.map((place) => this.names[place] ?? "");
    const isAnnounced = this.#isAnnounced;
    const announced = places.filter((place) => isAnnounced?.[place] !== false);
    const digest = digestOf(announced.map((place) => this.items.text(place)));
    const marks = isAnnounced && places.map((place) => isAnnounced[place] === true);
    return new OfferedList(names, this.items.pick(places), digest, marks);
  }

  /**
   * The items after the one that a cursor names: a cursor stays good while the list changes around it.
   * Undefined for a cursor that is none of ours, or whose item is gone.
   */
  page(cursor: string | undefined, pageSize: number): Page | undefined {
    const { names, items } = this;
    const start = cursor === undefined ? 0 : names.indexOf(decodeCursor(cursor)) + 1;
    if (cursor !== undefined && start === 0) return undefined;
    const end = Math.min(start + pageSize, names.length);
    const last = names[end - 1];
    const more = end < names.length && last !== undefined;
    return {
      items: items.between(start, end),
      ...(more ? { nextCursor: encodeCursor(last) } : {}),
    };
  }
}

function encodeCursor(name: string): string {
  return Buffer.from(name).toString("base64url");
}

function decodeCursor(cursor: string): string {
  return Buffer.from(cursor, "base64url").toString();
}
