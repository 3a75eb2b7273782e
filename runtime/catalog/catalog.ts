import { brief } from "@mcp-fleet/contract";
import type { ListName } from "../wire/methods.ts";
import type { Aggregation } from "./aggregation.ts";
import { LIST_NAMES } from "./listing.ts";
import {
  type Conflict,
  type MergedList,
  mergeList,
  type ProviderListing,
  type Route,
  type Unresolved,
} from "./merged-list.ts";
import { OfferedList } from "./offered-list.ts";
import { matchingWork, TemplateIndex } from "./template-index.ts";

const NONE: ReadonlySet<string> = new Set();

/** The lists of all providers as one, in the order in which they have names and then of each provider. Never changes. */
export class Catalog {
  readonly aggregation: Aggregation;
  readonly conflicts: readonly Conflict[];
  /** Names that nobody has, because several providers offer them and conflictResolution is manual. */
  readonly unresolved: readonly Unresolved[];
  readonly #lists: Readonly<Record<ListName, MergedList>>;
  readonly #templates: TemplateIndex;
  /** By provider: the URIs and templates that clients must not reach. */
  readonly #hiddenUris: ReadonlyMap<string, ReadonlySet<string>>;
  #overlaps: readonly Conflict[] | undefined;
  readonly #missing: Readonly<Record<ListName, readonly string[]>>;

  /**
   * Of all providers, in the order of the configuration.
   *
   * @param silent providers whose changes clients are not told of.
   */
  constructor(
    listings: readonly ProviderListing[],
    aggregation: Aggregation,
    silent: ReadonlySet<string> = NONE,
  ) {
    const faults = { conflicts: [], unresolved: [] };
    const ranked = aggregation.ranked(listings);
    const merge = (list: ListName) => mergeList(list, ranked, aggregation, faults, silent);
    const missing = (list: ListName) => missingIn(list, listings, aggregation);
    this.aggregation = aggregation;
    this.#lists = byList(merge);
    this.conflicts = faults.conflicts;
    this.unresolved = faults.unresolved;
    this.#missing = byList(missing);
    this.#hiddenUris = hiddenUris([this.#lists.resources, this.#lists.resourceTemplates]);
    this.#templates = new TemplateIndex(templatesOf(this.#lists.resourceTemplates));
  }

  /** URIs that one provider lists and another one's template makes. Looked for when somebody wants to know. */
  get overlaps(): readonly Conflict[] {
    this.#overlaps ??= this.#findOverlaps();
    return this.#overlaps;
  }

  /** How many items of a provider are in a list. */
  count(list: ListName, provider: string): number {
    let count = 0;
    for (const { provider: owner } of this.#lists[list].routes.values()) {
      if (owner === provider) count += 1;
    }
    return count;
  }

  tool(name: string): Route | undefined {
    return this.#lists.tools.routes.get(name);
  }

  /** A tool for what the gateway itself does: also one that clients do not see, by the name that it would have. */
  innerTool(name: string): Route | undefined {
    const { routes, hidden } = this.#lists.tools;
    return routes.get(name) ?? hidden.get(name)?.[0];
  }

  prompt(name: string): Route | undefined {
    return this.#lists.prompts.routes.get(name);
  }

  /** The provider that has a URI: listed exactly, or made from the most literal template that matches. */
  resource(uri: string): string | undefined {
    const exact = this.#lists.resources.routes.get(uri)?.provider;
    return (
      exact ?? this.#templates.find(uri, undefined, (one) => !this.#isHidden(one, uri))?.provider
    );
  }

  /** The provider that offers exactly this template, or the URI if it is none. */
  template(uriTemplate: string): string | undefined {
    const exact = this.#lists.resourceTemplates.routes.get(uriTemplate)?.provider;
    return exact ?? this.resource(uriTemplate);
  }

  /** Whether a provider may be asked for a URI that it does not list: where some are hidden, only for those that are named. */
  mayAsk(provider: string, uri: string): boolean {
    return this.aggregation.shows("resources", provider, uri) && !this.#isHidden(provider, uri);
  }

  /** What clients see of a list, and what is kept from them: the name at the gateway, and where it leads. */
  entries(list: ListName): {
    readonly shown: Iterable<readonly [string, Route]>;
    readonly hidden: Iterable<readonly [string, readonly Route[]]>;
  } {
    const { routes, hidden } = this.#lists[list];
    return { shown: routes, hidden };
  }

  /** The providers whose part of a list is not known, by name. */
  missing(list: ListName): readonly string[] {
    return this.#missing[list];
  }

  /** What its items are counted as, in memory. */
  get bytes(): number {
    return LIST_NAMES.reduce((sum, list) => sum + this.#lists[list].items.bytes, 0);
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

  /** One of the lists, as a client gets it. */
  list(list: ListName): OfferedList {
    const { names, items, announcedDigest, isAnnounced } = this.#lists[list];
    return new OfferedList(names, items, announcedDigest, isAnnounced);
  }

  /** Whose an item of a list is. */
  providerOf(list: ListName, name: string): string | undefined {
    return this.#lists[list].routes.get(name)?.provider;
  }

  /** The lists that differ from another catalog's in what clients are told of. */
  changedSince(other: Catalog): ListName[] {
    return LIST_NAMES.filter((list) => this.announcedDigest(list) !== other.announcedDigest(list));
  }

  #findOverlaps(): Conflict[] {
    const work = matchingWork();
    return [...this.#lists.resources.routes].flatMap(([uri, { provider }]) => {
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
    if (this.aggregation !== other.aggregation) return false;
    const sameItems = (list: ListName) =>
      this.digest(list) === other.digest(list) &&
      this.missing(list).join("\n") === other.missing(list).join("\n");
    const sameRoutes = (list: ListName) => haveSameRoutes(this.#lists[list], other.#lists[list]);
    return LIST_NAMES.every((list) => sameItems(list) && sameRoutes(list));
  }

  /** Whether a URI or template of a provider is kept from clients, however it is spelled. */
  #isHidden(provider: string, uri: string): boolean {
    const isUnknown = this.#missing.resources.includes(provider);
    if (isUnknown && this.aggregation.rulesOf("resources", provider)?.isFilter === true)
      return true;
    return this.#hiddenUris.get(provider)?.has(spelled(uri)) === true;
  }
}

function byList<T>(of: (list: ListName) => T): Readonly<Record<ListName, T>> {
  return {
    tools: of("tools"),
    prompts: of("prompts"),
    resources: of("resources"),
    resourceTemplates: of("resourceTemplates"),
  };
}

/** Of whom clients see nothing is never missing. */
function missingIn(
  list: ListName,
  listings: readonly ProviderListing[],
  aggregation: Aggregation,
): string[] {
  const isMissing = ({ provider, listing }: ProviderListing) =>
    (listing === undefined || listing.unread?.includes(list) === true) &&
    !aggregation.hidesAll(list, provider);
  return listings.filter(isMissing).map(({ provider }) => provider);
}

function hiddenUris(lists: readonly MergedList[]): ReadonlyMap<string, ReadonlySet<string>> {
  const byProvider = new Map<string, Set<string>>();
  for (const { hidden } of lists) {
    for (const { provider, name } of [...hidden.values()].flat()) {
      const uris = byProvider.get(provider) ?? new Set();
      byProvider.set(provider, uris.add(spelled(name)));
    }
  }
  return byProvider;
}

/** Hidden ones first: of two that are equally literal, the one that hides counts. */
function* templatesOf({ routes, hidden }: MergedList) {
  for (const { provider, name } of [...hidden.values()].flat()) {
    yield { provider, name, isHidden: true };
  }
  for (const { provider, name } of routes.values()) yield { provider, name, isHidden: false };
}

/** The same for all spellings of a URI that servers take for one: percent-encoded, with dots for folders, with a fragment. */
function spelled(uri: string): string {
  const url = URL.canParse(uri) ? new URL(uri) : undefined;
  if (url !== undefined) url.hash = "";
  const plain = url?.href ?? uri;
  try {
    return decodeURIComponent(plain);
  } catch {
    return plain;
  }
}

function haveSameRoutes(one: MergedList, other: MergedList): boolean {
  const isSame = (a: Route, b: Route | undefined) =>
    a.provider === b?.provider && a.name === b.name && a.repeatable === b.repeatable;
  if (one.routes.size !== other.routes.size || one.hidden.size !== other.hidden.size) return false;
  for (const [name, route] of one.routes) if (!isSame(route, other.routes.get(name))) return false;
  for (const [name, routes] of one.hidden) {
    const others = other.hidden.get(name) ?? [];
    if (routes.length !== others.length) return false;
    if (!routes.every((route, index) => isSame(route, others[index]))) return false;
  }
  return true;
}
