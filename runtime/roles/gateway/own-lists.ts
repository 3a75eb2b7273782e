import type { Item } from "../../catalog/listing.ts";
import { LIST_NAMES, type Listing } from "../../catalog/listing.ts";
import type { ListName } from "../../wire/methods.ts";

/** What one backend lists in one session: each list as it was read last, and those that the last reading did not get. */
export class OwnLists {
  readonly #lists: ReadonlyMap<ListName, readonly Item[]>;
  readonly stale: readonly ListName[];

  private constructor(lists: ReadonlyMap<ListName, readonly Item[]>, stale: readonly ListName[]) {
    this.#lists = lists;
    this.stale = stale;
  }

  /** After a reading: a list that could not be read keeps what was read before. */
  static after(
    before: OwnLists | undefined,
    reading: ReadonlyMap<ListName, readonly Item[]>,
  ): OwnLists {
    const lists = new Map([...(before?.entries ?? []), ...reading]);
    return new OwnLists(
      lists,
      LIST_NAMES.filter((list) => !reading.has(list)),
    );
  }

  get entries(): Iterable<[ListName, readonly Item[]]> {
    return this.#lists.entries();
  }

  /** Whether some list was never read: its items are missing. */
  get isIncomplete(): boolean {
    return this.#lists.size < LIST_NAMES.length;
  }

  get listing(): Listing {
    const list = (name: ListName) => this.#lists.get(name) ?? [];
    return {
      lists: {
        tools: list("tools"),
        prompts: list("prompts"),
        resources: list("resources"),
        resourceTemplates: list("resourceTemplates"),
      },
      instructions: undefined,
    };
  }
}
