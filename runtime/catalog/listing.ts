import { createHash } from "node:crypto";

import { at, cut, elements } from "../wire/json-text.ts";
import type { ListName } from "../wire/methods.ts";
import { isRepeatable, withSoundAnnotations } from "./annotations.ts";
import { withoutNulls } from "./item-shape.ts";
import { ITEM_BYTES } from "./packed-items.ts";

/** The lists, in the order in which they are read and announced. */
export const LIST_NAMES: readonly ListName[] = [
  "tools",
  "prompts",
  "resources",
  "resourceTemplates",
];

/** The capability that a server declares where it has the list, and what an item is known by. */
export const LISTS = {
  tools: { capability: "tools", nameKey: "name" },
  prompts: { capability: "prompts", nameKey: "name" },
  resources: { capability: "resources", nameKey: "uri" },
  resourceTemplates: { capability: "resources", nameKey: "uriTemplate" },
} as const satisfies Readonly<Record<ListName, object>>;

/** One tool, prompt, resource or template as its provider described it. */
export interface Item {
  /** Its name, URI or URI template. */
  readonly name: string;
  /** The provider's own JSON text, without members that are null and annotations that clients refuse. */
  readonly text: string;
  /** A tool that says of itself that running it twice does no harm. */
  readonly repeatable: boolean;
}

/** What one provider offers. */
export interface Listing {
  readonly lists: Readonly<Record<ListName, readonly Item[]>>;
  /** Lists that were never read, so that nobody knows what they hold. Absent: none. */
  readonly unread?: readonly ListName[];
  readonly instructions: string | undefined;
}

/** The items in the result of a list request. Items without a name cannot be called and are left out. */
export function readItems(resultText: string, list: ListName): Item[] {
  const array = at(resultText, list);
  if (array === undefined) return [];
  return elements(resultText, array.start).flatMap((span) => {
    const text = withSoundAnnotations(withoutNulls(cut(resultText, span)));
    const name = valueAt(text, LISTS[list].nameKey);
    if (typeof name !== "string") return [];
    return [{ name, text, repeatable: isRepeatable(text) }];
  });
}

/** What items are counted as, in memory. */
export function bytesOf(items: readonly Pick<Item, "text">[]): number {
  return items.reduce((sum, { text }) => sum + Buffer.byteLength(text) + ITEM_BYTES, 0);
}

/** A short name for a list's whole content: two lists with one digest are the same list. */
export function digestOf(texts: readonly string[]): string {
  const hash = createHash("sha256");
  for (const text of texts) hash.update(text).update("\n");
  return hash.digest("base64url").slice(0, 22);
}

function valueAt(text: string, key: string): unknown {
  const span = at(text, key);
  return span === undefined ? undefined : JSON.parse(cut(text, span));
}

/** A listing without items. */
export const EMPTY_LISTING: Listing = {
  lists: { tools: [], prompts: [], resources: [], resourceTemplates: [] },
  instructions: undefined,
};
