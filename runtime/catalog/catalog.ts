import { brief } from "@mcp-fleet/contract";
import { at, replace } from "../wire/json-text.ts";
import type { ListName } from "../wire/methods.ts";
import { bytesOf, digestOf, type Item, LIST_NAMES, type Listing } from "./listing.ts";
import type { ExposedName, Naming } from "./naming.ts";
import { matchingWork, TemplateIndex } from "./template-index.ts";

/** Where a name leads: the provider, and what the provider itself calls the thing. */
export interface Route {
  readonly provider: string;
  readonly name: string;
  readonly repeatable: boolean;
}

/** A name or URI that two providers lay claim to. */
export interface Conflict {
  readonly list: ListName;
  readonly name: string;
  /** Who does not have it. */
  readonly backend: string;
  readonly shadowedBy: string;
  /** Why the other one has it, and what became of the item. */
  readonly reason: string;
}

export interface ProviderListing {
  readonly provider: string;
  /** Undefined where it lists nothing right now. */
  readonly listing: Listing | undefined;
}

interface MergedList {
  readonly names: readonly string[];
  readonly texts: readonly string[];
  readonly digest: string;
  /** Of the items whose changes clients are told of. */
  readonly announcedDigest: string;
}

export interface Page {
  readonly texts: readonly string[];
  readonly nextCursor?: string;
}

const NONE: ReadonlySet<string> = new Set();

/** The lists of all providers as one, in the order of the configuration and then of each provider. Never changes. */
export class Catalog {
  readonly conflicts: readonly Conflict[];
  readonly #lists: Readonly<Record<ListName, MergedList>>;
  readonly #routes: Readonly<Record<ListName, ReadonlyMap<string, Route>>>;
  readonly #templates: TemplateIndex;
  #overlaps: readonly Conflict[] | undefined;
  readonly #missing: Readonly<Record<ListName, readonly string[]>>;

  /**
   * Of all providers, in the order of the configuration.
   *
   * @param silent providers whose changes clients are not told of.
   */
  constructor(
    listings: readonly ProviderListing[],
    naming: Naming,
    silent: ReadonlySet<string> = NONE,
  ) {
    const conflicts: Conflict[] = [];
    const merge = (list: ListName) => mergeList(list, listings, naming, conflicts, silent);
    const merged = {
      tools: merge("tools"),
      prompts: merge("prompts"),
      resources: merge("resources"),
      resourceTemplates: merge("resourceTemplates"),
    };
    this.conflicts = conflicts;
    this.#missing = {
      tools: missingIn("tools", listings),
      prompts: missingIn("prompts", listings),
      resources: missingIn("resources", listings),
      resourceTemplates: missingIn("resourceTemplates", listings),
    };
    this.#lists = merged;
    this.#routes = {
      tools: merged.tools.routes,
      prompts: merged.prompts.routes,
      resources: merged.resources.routes,
      resourceTemplates: merged.resourceTemplates.routes,
    };
    this.#templates = new TemplateIndex(merged.resourceTemplates.routes.values());
  }

  /** URIs that one provider lists and another one's template makes. Looked for when somebody wants to know. */
  get overlaps(): readonly Conflict[] {
    this.#overlaps ??= this.#findOverlaps();
    return this.#overlaps;
  }

  /** How many items of a provider are in a list. */
  count(list: ListName, provider: string): number {
    let count = 0;
    for (const route of this.#routes[list].values()) if (route.provider === provider) count += 1;
    return count;
  }

  tool(name: string): Route | undefined {
    return this.#routes.tools.get(name);
  }

  prompt(name: string): Route | undefined {
    return this.#routes.prompts.get(name);
  }

  /** The provider that has a URI: listed exactly, or made from the most literal template that matches. */
  resource(uri: string): string | undefined {
    const exact = this.#routes.resources.get(uri)?.provider;
    return exact ?? this.#templates.find(uri)?.provider;
  }

  /** The provider that offers exactly this template, or the URI if it is none. */
  template(uriTemplate: string): string | undefined {
    return this.#routes.resourceTemplates.get(uriTemplate)?.provider ?? this.resource(uriTemplate);
  }

  /** The providers whose part of a list is not known, by name. */
  missing(list: ListName): readonly string[] {
    return this.#missing[list];
  }

  /** What its items are counted as, in memory. */
  get bytes(): number {
    return LIST_NAMES.reduce(
      (sum, list) => sum + bytesOf(this.#lists[list].texts.map((text) => ({ text }))),
      0,
    );
  }

  digest(list: ListName): string {
    return this.#lists[list].digest;
  }

  /** The same without the providers whose changes clients are not told of. */
  announcedDigest(list: ListName): string {
    return this.#lists[list].announcedDigest;
  }

  size(list: ListName): number {
    return this.#lists[list].names.length;
  }

  /**
   * The items after the one that a cursor names: a cursor stays good while the list changes around it.
   * Undefined for a cursor that is none of ours, or whose item is gone.
   */
  page(list: ListName, cursor: string | undefined, pageSize: number): Page | undefined {
    const { names, texts } = this.#lists[list];
    const start = cursor === undefined ? 0 : names.indexOf(decodeCursor(cursor)) + 1;
    if (cursor !== undefined && start === 0) return undefined;
    const end = Math.min(start + pageSize, names.length);
    const last = names[end - 1];
    const more = end < names.length && last !== undefined;
    return { texts: texts.slice(start, end), ...(more ? { nextCursor: encodeCursor(last) } : {}) };
  }

  /** The lists that differ from another catalog's in what clients are told of. */
  changedSince(other: Catalog): ListName[] {
    return LIST_NAMES.filter((list) => this.announcedDigest(list) !== other.announcedDigest(list));
  }

  #findOverlaps(): Conflict[] {
    const work = matchingWork();
    return [...this.#routes.resources].flatMap(([uri, { provider }]) => {
      const other = this.#templates.find(uri, work, (one) => one !== provider);
      if (other === undefined) return [];
      const reason = `it matches the template ${brief(other.text)} of ${other.provider}, and ${provider} lists it`;
      return [
        {
          list: "resources",
          name: brief(uri),
          backend: other.provider,
          shadowedBy: provider,
          reason,
        },
      ];
    });
  }

  /** Whether it answers every request like another one. */
  equals(other: Catalog): boolean {
    const isSame = (list: ListName) =>
      this.digest(list) === other.digest(list) &&
      this.missing(list).join("\n") === other.missing(list).join("\n");
    return LIST_NAMES.every(isSame);
  }
}

function missingIn(list: ListName, listings: readonly ProviderListing[]): string[] {
  const isMissing = ({ listing }: ProviderListing) =>
    listing === undefined || listing.unread?.includes(list) === true;
  return listings.filter(isMissing).map(({ provider }) => provider);
}

function mergeList(
  list: ListName,
  listings: readonly ProviderListing[],
  naming: Naming,
  conflicts: Conflict[],
  silent: ReadonlySet<string>,
): MergedList & { readonly routes: ReadonlyMap<string, Route> } {
  const routes = new Map<string, Route>();
  const texts: string[] = [];
  const announced: string[] = [];
  const providers = listings.map(({ provider }) => provider);
  for (const { provider, listing } of listings) {
    const items = listing?.lists[list] ?? [];
    const names = exposedNames(list, provider, items, naming, providers);
    const conflict = (name: string, shadowedBy: string, reason: string) =>
      conflicts.push({ list, name: brief(name), backend: provider, shadowedBy, reason });
    for (const [position, item] of items.entries()) {
      const { name, reservedFor } = names[position] ?? { name: item.name, reservedFor: undefined };
      if (reservedFor !== undefined) {
        const reason = `names that begin with the prefix of ${reservedFor} are its own: this one is ${brief(name)}`;
        conflict(naming.expose(provider, item.name), reservedFor, reason);
      }
      const taken = routes.get(name);
      if (taken !== undefined) {
        conflict(name, taken.provider, "the first one in the configuration has it");
        continue;
      }
      routes.set(name, { provider, name: item.name, repeatable: item.repeatable });
      const text = name === item.name ? item.text : renamed(item.text, name);
      texts.push(text);
      if (!silent.has(provider)) announced.push(text);
    }
  }
  const digest = digestOf(texts);
  const announcedDigest = silent.size === 0 ? digest : digestOf(announced);
  return { routes, names: [...routes.keys()], texts, digest, announcedDigest };
}

/** Tools and prompts get the provider's prefix; URIs are the providers' own. */
function exposedNames(
  list: ListName,
  provider: string,
  items: readonly Item[],
  naming: Naming,
  providers: readonly string[],
): readonly ExposedName[] {
  if (list !== "tools" && list !== "prompts") return [];
  const names = items.map(({ name }) => name);
  return naming.exposeAll(provider, names, providers);
}

function renamed(text: string, name: string): string {
  const span = at(text, "name");
  return span === undefined ? text : replace(text, span, JSON.stringify(name));
}

function encodeCursor(name: string): string {
  return Buffer.from(name).toString("base64url");
}

function decodeCursor(cursor: string): string {
  return Buffer.from(cursor, "base64url").toString();
}
