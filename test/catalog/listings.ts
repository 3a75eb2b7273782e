import { type Configuration, validate } from "@mcp-fleet/contract/settings";
import { Aggregation } from "../../runtime/catalog/aggregation.ts";
import type { Catalog } from "../../runtime/catalog/catalog.ts";
import { LISTS, type Listing, readItems } from "../../runtime/catalog/listing.ts";
import type { ProviderListing } from "../../runtime/catalog/merged-list.ts";
import type { ListName } from "../../runtime/wire/methods.ts";

/** An item by its name alone, or with all that it has. */
type Given = string | Readonly<Record<string, unknown>>;

/** What a provider offers; lists that are not named are empty. */
export function listing(
  provider: string,
  given: Partial<Record<ListName, readonly Given[]>>,
): ProviderListing & { readonly listing: Listing } {
  const items = (list: ListName) => {
    const array = (given[list] ?? []).map((item) =>
      typeof item === "string" ? { [LISTS[list].nameKey]: item } : item,
    );
    return readItems(JSON.stringify({ [list]: array }), list);
  };
  const lists = {
    tools: items("tools"),
    prompts: items("prompts"),
    resources: items("resources"),
    resourceTemplates: items("resourceTemplates"),
  };
  return { provider, listing: { lists, instructions: undefined } };
}

/** Rules as they are written in a configuration, for backends of these names. */
export function aggregated(
  aggregation: Configuration["aggregation"],
  ...names: readonly string[]
): Aggregation {
  const backends = (names.length === 0 ? ["x"] : names).map((name) => ({
    name,
    url: "http://localhost/mcp",
  }));
  return new Aggregation(validate({ backends, aggregation }).aggregation);
}

/** What clients see of a list, by name or URI. */
export function namesOf(catalog: Catalog, list: ListName): unknown[] {
  return itemsOf(catalog, list).map((item) => item[LISTS[list].nameKey]);
}

/** The first 1,000 items of a list. */
function itemsOf(catalog: Catalog, list: ListName): Record<string, unknown>[] {
  return JSON.parse(`[${pageText(catalog, list)}]`);
}

/** The items of a page, as clients get them: JSON texts with commas between them. */
export function pageText(catalog: Catalog, list: ListName, cursor?: string, size = 1_000): string {
  return String(catalog.list(list).page(cursor, size)?.items);
}
