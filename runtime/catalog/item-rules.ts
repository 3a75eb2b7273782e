import type { ItemOverride, WorkloadRules } from "@mcp-fleet/contract/settings";
import { at, cut, withMember } from "../wire/json-text.ts";
import { isRepeatable } from "./annotations.ts";
import type { Item } from "./listing.ts";

/** An item as it is merged: its name is the one after overrides, and before prefixes. */
export interface Offer extends Item {
  /** What its provider calls it. Absent: the same. */
  readonly own?: string;
}

/** What the settings say of the items of one kind that one provider has. */
export class ItemRules {
  readonly #filter: ReadonlySet<string> | undefined;
  readonly #overrides: ReadonlyMap<string, ItemOverride>;
  /** Whether clients see none of its items. */
  readonly hidesAll: boolean;

  constructor({ filter, overrides, excludeAll }: Omit<WorkloadRules, "workload">) {
    this.#filter = filter && new Set(filter);
    this.#overrides = new Map(Object.entries(overrides));
    this.hidesAll = excludeAll;
  }

  /** Whether some items are hidden and others are not. */
  get isFilter(): boolean {
    return this.#filter !== undefined && !this.hidesAll;
  }

  /** Whether clients see an item, by its name after overrides. */
  shows(name: string): boolean {
    return !this.hidesAll && this.#filter?.has(name) !== false;
  }

  /** The name, after overrides, of what its provider calls so. */
  nameOf(own: string): string {
    return this.#overrides.get(own)?.name ?? own;
  }

  /** A tool or prompt as clients are to see it. Its text has its own name: the one at the gateway may have a prefix. */
  named(item: Item): Offer {
    const override = this.#overrides.get(item.name);
    if (override === undefined) return item;
    const { name = item.name, ...members } = override;
    const offer = changed(item, members);
    return name === item.name ? offer : { ...offer, name, own: item.name };
  }

  /** A resource or template as clients are to see it, whose name is but a text. */
  located(item: Item): Offer {
    const override = this.#overrides.get(item.name);
    return override === undefined ? item : changed(item, override);
  }

  /** What the settings name although the provider has nothing of the name, and what is wrong with that. */
  unmatched(items: readonly Item[]): string[] {
    const own = new Set(items.map(({ name }) => name));
    const shown = new Set(items.map(({ name }) => this.nameOf(name)));
    const filtered = [...(this.#filter ?? [])].filter((name) => !shown.has(name));
    const overridden = [...this.#overrides.keys()].filter((name) => !own.has(name));
    return [
      ...filtered.map((name) =>
        own.has(name)
          ? `filter has ${JSON.stringify(name)}, which overrides call ${JSON.stringify(this.nameOf(name))}: filters have the names after overrides`
          : `filter has ${JSON.stringify(name)}, which the backend does not list`,
      ),
      ...overridden.map(
        (name) => `overrides has ${JSON.stringify(name)}, which the backend does not list`,
      ),
    ];
  }
}

/** An item with some members of its text replaced, all else untouched. */
function changed(item: Item, { annotations, ...members }: ItemOverride): Item {
  let { text } = item;
  for (const [key, value] of Object.entries(members)) {
    text = withMember(text, key, JSON.stringify(value));
  }
  if (annotations === undefined) return { ...item, text };
  const span = at(text, "annotations");
  let merged = span === undefined ? "{}" : cut(text, span);
  for (const [key, value] of Object.entries(annotations)) {
    merged = withMember(merged, key, JSON.stringify(value));
  }
  text = withMember(text, "annotations", merged);
  return { ...item, text, repeatable: isRepeatable(text) };
}
