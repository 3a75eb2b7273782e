import type { ListName } from "../wire/methods.ts";
import { bytesOf, type Item, LIST_NAMES, type Listing } from "./listing.ts";

/**
 * The lists of one provider, each as it was read last. They are independent: one that cannot be read keeps what it had,
 * and takes nothing away from the others.
 */
export class ListReadings {
  readonly #items = new Map<ListName, readonly Item[]>();
  readonly #errors = new Map<ListName, string>();
  readonly #warnings = new Map<ListName, string>();

  /** Why the last reading of a list failed, by list; none for those that were read or never asked for. */
  get errors(): ReadonlyMap<ListName, string> {
    return this.#errors;
  }

  /** Why a list is not the whole one that the provider has, by list. */
  get warnings(): ReadonlyMap<ListName, string> {
    return this.#warnings;
  }

  /** What its items are counted as, in memory. */
  get bytes(): number {
    return [...this.#items.values()].reduce((sum, items) => sum + bytesOf(items), 0);
  }

  /** Whether the last reading of a list succeeded. */
  isFresh(list: ListName): boolean {
    return this.#items.has(list) && !this.#errors.has(list);
  }

  /** Returns whether the list is another one than before. */
  read(list: ListName, items: readonly Item[], warning?: string): boolean {
    const isSame = hasSameTexts(this.#items.get(list), items);
    if (!isSame) this.#items.set(list, items);
    if (warning === undefined) this.#warnings.delete(list);
    else this.#warnings.set(list, warning);
    this.#errors.delete(list);
    return !isSame;
  }

  failed(list: ListName, reason: string): void {
    this.#errors.set(list, reason);
  }

  listing(instructions?: string): Listing {
    const itemsOf = (list: ListName) => this.#items.get(list) ?? [];
    return {
      lists: {
        tools: itemsOf("tools"),
        prompts: itemsOf("prompts"),
        resources: itemsOf("resources"),
        resourceTemplates: itemsOf("resourceTemplates"),
      },
      unread: LIST_NAMES.filter((list) => !this.#items.has(list)),
      instructions,
    };
  }
}

function hasSameTexts(before: readonly Item[] | undefined, items: readonly Item[]): boolean {
  if (before?.length !== items.length) return false;
  return items.every(({ text }, position) => text === before[position]?.text);
}

/** The lists that are not as they should be, and why, for operators. */
export function describeLists(errors: ReadonlyMap<ListName, string>): string | undefined {
  if (errors.size === 0) return undefined;
  return [...errors].map(([list, reason]) => `${list}: ${reason}`).join("; ");
}
