import { createHash } from "node:crypto";

import { at, cut, elements } from "../wire/json-text.ts";

/** The four lists of MCP: how each is asked for, and what its items are known by. */
export const LISTS = {
  tools: {
    method: "tools/list",
    capability: "tools",
    nameKey: "name",
    changed: "notifications/tools/list_changed",
  },
  prompts: {
    method: "prompts/list",
    capability: "prompts",
    nameKey: "name",
    changed: "notifications/prompts/list_changed",
  },
  resources: {
    method: "resources/list",
    capability: "resources",
    nameKey: "uri",
    changed: "notifications/resources/list_changed",
  },
  resourceTemplates: {
    method: "resources/templates/list",
    capability: "resources",
    nameKey: "uriTemplate",
    changed: "notifications/resources/list_changed",
  },
} as const;

export type ListName = keyof typeof LISTS;

export const LIST_NAMES = Object.keys(LISTS) as ListName[];

/** One tool, prompt, resource or template as its backend described it. */
export interface Item {
  /** Its name, URI or URI template. */
  readonly name: string;
  /** The backend's own JSON text. */
  readonly text: string;
  /** A tool that says of itself that running it twice does no harm. */
  readonly repeatable: boolean;
}

/** What one backend offers. */
export interface Offer {
  readonly lists: Readonly<Record<ListName, readonly Item[]>>;
  readonly instructions: string | undefined;
}

/** The items in the result of a list request. Items without a name cannot be called and are left out. */
export function readItems(resultText: string, list: ListName): Item[] {
  const array = at(resultText, list);
  if (array === undefined) return [];
  return elements(resultText, array.start).flatMap((span) => {
    const text = cut(resultText, span);
    const name = valueAt(text, LISTS[list].nameKey);
    if (typeof name !== "string") return [];
    const hint = (key: string) => valueAt(text, "annotations", key) === true;
    return [{ name, text, repeatable: hint("readOnlyHint") || hint("idempotentHint") }];
  });
}

/** A short name for a list's whole content: two lists with one digest are the same list. */
export function digestOf(texts: readonly string[]): string {
  const hash = createHash("sha256");
  for (const text of texts) hash.update(text).update("\n");
  return hash.digest("base64url").slice(0, 22);
}

function valueAt(text: string, ...path: string[]): unknown {
  const span = at(text, ...path);
  return span === undefined ? undefined : JSON.parse(cut(text, span));
}
