import type {
  AggregationSettings,
  ConflictResolution,
  WorkloadRules,
} from "@mcp-fleet/contract/settings";
import type { ListName } from "../wire/methods.ts";
import { ItemRules, type Offer } from "./item-rules.ts";
import type { Item, Listing } from "./listing.ts";
import { type ExposedName, Naming } from "./naming.ts";

/** Kinds of items that have rules of their own. */
type Kind = "tools" | "prompts" | "resources";

const KIND_OF: Readonly<Record<ListName, Kind>> = {
  tools: "tools",
  prompts: "prompts",
  resources: "resources",
  resourceTemplates: "resources",
};

const LISTS_OF: Readonly<Record<Kind, readonly ListName[]>> = {
  tools: ["tools"],
  prompts: ["prompts"],
  resources: ["resources", "resourceTemplates"],
};

const NOTHING = new ItemRules({ overrides: {}, excludeAll: true });

/** How names of several providers that are equal are told apart: by a prefix, or else by who comes first. */
type Telling = "prefix" | "priority" | "manual" | "first";

/**
 * How the lists of all providers become one: what clients see of each, under which name, and whose a name is that several
 * have. Never changes.
 */
export class Aggregation {
  readonly naming: Naming;
  readonly strategy: ConflictResolution;
  readonly priorityOrder: readonly string[];
  readonly #rules: Readonly<Record<Kind, ReadonlyMap<string, ItemRules>>>;
  /** Of tools of providers without an entry. */
  readonly #otherTools: ItemRules | undefined;
  readonly #excludesTools: boolean;

  constructor(settings: AggregationSettings) {
    this.naming = new Naming(settings.prefixFormat);
    this.strategy = settings.conflictResolution;
    this.priorityOrder = settings.priorityOrder;
    this.#rules = {
      tools: byWorkload(settings.tools),
      prompts: byWorkload(settings.prompts),
      resources: byWorkload(settings.resources),
    };
    this.#excludesTools = settings.excludeAllTools;
    this.#otherTools = settings.defaultToolVisibility === "deny" ? NOTHING : undefined;
  }

  /** What the settings say of a list of a provider; undefined: all of it is seen as it is. */
  rulesOf(list: ListName, provider: string): ItemRules | undefined {
    const kind = KIND_OF[list];
    const rules = this.#rules[kind].get(provider);
    return kind === "tools" ? (rules ?? this.#otherTools) : rules;
  }

  /** Whether the settings say nothing of a list of a provider by its name. */
  isUnlisted(list: ListName, provider: string): boolean {
    return !this.#rules[KIND_OF[list]].has(provider);
  }

  /** Whether clients see nothing of a list of a provider. */
  hidesAll(list: ListName, provider: string): boolean {
    if (list === "tools" && this.#excludesTools) return true;
    return this.rulesOf(list, provider)?.hidesAll === true;
  }

  /** Whether clients may use an item, by its name after overrides. */
  shows(list: ListName, provider: string, name: string): boolean {
    if (list === "tools" && this.#excludesTools) return false;
    return this.rulesOf(list, provider)?.shows(name) ?? true;
  }

  /** The items of a provider as they are merged. */
  offers(list: ListName, provider: string, items: readonly Item[]): readonly Offer[] {
    const rules = this.rulesOf(list, provider);
    if (rules === undefined) return items;
    const isNamed = list === "tools" || list === "prompts";
    return items.map((item) => (isNamed ? rules.named(item) : rules.located(item)));
  }

  /** In the order in which they have names: those of priorityOrder first, the others as they were. */
  ranked<T extends { readonly provider: string }>(providers: readonly T[]): readonly T[] {
    if (this.priorityOrder.length === 0) return providers;
    return providers.toSorted((a, b) => this.#rank(a.provider) - this.#rank(b.provider));
  }

  /** The place of a provider in priorityOrder, from 1; undefined: it is not in it. */
  placeOf(provider: string): number | undefined {
    const place = this.priorityOrder.indexOf(provider) + 1;
    return place === 0 ? undefined : place;
  }

  /** How names of a list of a provider are told from those of others. */
  tellingOf(list: ListName, provider: string): Telling {
    if (list === "resources" || list === "resourceTemplates") return "first";
    if (list === "tools") return this.strategy;
    return this.placeOf(provider) === undefined ? "prefix" : "priority";
  }

  /** What offers are called at the gateway, in their order. */
  names(
    list: ListName,
    provider: string,
    offers: readonly Offer[],
    providers: readonly string[],
    leaderless: ReadonlySet<string>,
  ): readonly ExposedName[] {
    const telling = this.tellingOf(list, provider);
    const names = offers.map(({ name }) => name);
    if (telling === "prefix") return this.naming.exposeAll(provider, names, providers);
    return names.map((name) => {
      const isApart = telling === "priority" && leaderless.has(name);
      return {
        name: isApart ? this.naming.expose(provider, name) : name,
        reservedFor: undefined,
      };
    });
  }

  /** What is named in the settings although its backend does not list it. Lists that were not read say nothing. */
  unmatched(
    listings: readonly { readonly provider: string; readonly listing: Listing | undefined }[],
  ): string[] {
    const kinds = ["tools", "prompts", "resources"] as const;
    return kinds.flatMap((kind) =>
      [...this.#rules[kind]].flatMap(([provider, rules]) => {
        const listing = listings.find((one) => one.provider === provider)?.listing;
        const lists = LISTS_OF[kind];
        if (listing === undefined || lists.some((list) => listing.unread?.includes(list)))
          return [];
        const items = lists.flatMap((list) => listing.lists[list]);
        return rules
          .unmatched(items)
          .map((fault) => `aggregation.${kind} of ${provider}: ${fault}`);
      }),
    );
  }

  #rank(provider: string): number {
    return this.placeOf(provider) ?? Number.MAX_SAFE_INTEGER;
  }
}

function byWorkload(entries: readonly WorkloadRules[]): ReadonlyMap<string, ItemRules> {
  return new Map(entries.map((entry) => [entry.workload, new ItemRules(entry)]));
}
