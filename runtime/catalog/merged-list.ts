import { brief } from "@mcp-fleet/contract";
import { at, replace } from "../wire/json-text.ts";
import type { ListName } from "../wire/methods.ts";
import type { Aggregation } from "./aggregation.ts";
import type { Offer } from "./item-rules.ts";
import { digestOf, type Listing } from "./listing.ts";
import { PackedItems } from "./packed-items.ts";

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

/** A name that several providers offer, of which `manual` lets none have it. */
export interface Unresolved {
  readonly list: ListName;
  readonly name: string;
  readonly backends: readonly string[];
}

export interface ProviderListing {
  readonly provider: string;
  /** Undefined where it lists nothing right now. */
  readonly listing: Listing | undefined;
}

/** One list of all providers. */
export interface MergedList {
  readonly names: readonly string[];
  readonly items: PackedItems;
  readonly digest: string;
  /** Of the items whose changes clients are told of. */
  readonly announcedDigest: string;
  /** Which items those are, by their places. Undefined: all. */
  readonly isAnnounced: readonly boolean[] | undefined;
  readonly routes: ReadonlyMap<string, Route>;
  /** What clients must not reach, by the names that it would have. */
  readonly hidden: ReadonlyMap<string, readonly Route[]>;
}

/** What is left open or lost in merging. */
export interface MergeFaults {
  readonly conflicts: Conflict[];
  readonly unresolved: Unresolved[];
}

interface Offered {
  readonly provider: string;
  readonly offers: readonly Offer[];
}

/** One list of all providers, which are in the order in which they have names. */
export function mergeList(
  list: ListName,
  listings: readonly ProviderListing[],
  aggregation: Aggregation,
  { conflicts, unresolved }: MergeFaults,
  silent: ReadonlySet<string>,
): MergedList {
  const routes = new Map<string, Route>();
  const hidden = new Map<string, Route[]>();
  const texts: string[] = [];
  const marks: boolean[] = [];
  const providers = listings.map(({ provider }) => provider);
  const offered = listings.map(({ provider, listing }) => ({
    provider,
    offers: aggregation.offers(list, provider, listing?.lists[list] ?? []),
  }));
  const { leaderless, open } = contested(list, offered, aggregation);
  for (const [name, backends] of open) {
    unresolved.push({ list, name: brief(name), backends });
    const [first = "", ...others] = backends;
    const reason =
      "conflictResolution is manual, and neither has it until overrides or filters say whose it is";
    for (const backend of others) {
      conflicts.push({ list, name: brief(name), backend, shadowedBy: first, reason });
    }
  }
  for (const { provider, offers } of offered) {
    const exposed = aggregation.names(list, provider, offers, providers, leaderless);
    const conflict = (name: string, shadowedBy: string, reason: string) =>
      conflicts.push({ list, name: brief(name), backend: provider, shadowedBy, reason });
    for (const [position, offer] of offers.entries()) {
      const { name = offer.name, reservedFor } = exposed[position] ?? {};
      const own = offer.own ?? offer.name;
      const route = { provider, name: own, repeatable: offer.repeatable };
      if (!aggregation.shows(list, provider, offer.name)) {
        hidden.set(name, [...(hidden.get(name) ?? []), route]);
        continue;
      }
      if (open.has(name)) continue;
      if (reservedFor !== undefined) {
        const reason = `names that begin with the prefix of ${reservedFor} are its own: this one is ${brief(name)}`;
        conflict(aggregation.naming.expose(provider, offer.name), reservedFor, reason);
      }
      const taken = routes.get(name);
      if (taken !== undefined) {
        conflict(name, taken.provider, reasonOf(taken.provider, provider, aggregation));
        continue;
      }
      routes.set(name, route);
      const text = name === own ? offer.text : namedText(list, offer.text, name);
      texts.push(text);
      marks.push(!silent.has(provider));
    }
  }
  const digest = digestOf(texts);
  const names = [...routes.keys()];
  const items = new PackedItems(texts);
  if (silent.size === 0) {
    return {
      routes,
      hidden,
      names,
      items,
      digest,
      announcedDigest: digest,
      isAnnounced: undefined,
    };
  }
  const announcedDigest = digestOf(texts.filter((_, place) => marks[place]));
  return { routes, hidden, names, items, digest, announcedDigest, isAnnounced: marks };
}

/**
 * The names that more than one item would have, of those that get no prefix: those that nobody in priorityOrder has, which
 * get one, and those that are to be resolved by hand.
 */
function contested(
  list: ListName,
  offered: readonly Offered[],
  aggregation: Aggregation,
): { leaderless: ReadonlySet<string>; open: ReadonlyMap<string, readonly string[]> } {
  const leaderless = new Set<string>();
  const open = new Map<string, readonly string[]>();
  if (list !== "tools" || aggregation.strategy === "prefix") return { leaderless, open };
  const claims = new Map<string, { provider: string; own: string }[]>();
  for (const { provider, offers } of offered) {
    for (const { name, own = name } of offers) {
      if (!aggregation.shows(list, provider, name)) continue;
      const known = claims.get(name);
      if (known === undefined) claims.set(name, [{ provider, own }]);
      else if (!known.some((one) => one.provider === provider && one.own === own)) {
        known.push({ provider, own });
      }
    }
  }
  for (const [name, claimants] of claims) {
    if (claimants.length === 1) continue;
    const backends = [...new Set(claimants.map(({ provider }) => provider))];
    if (aggregation.strategy === "manual") open.set(name, backends);
    else if (backends.length > 1 && aggregation.placeOf(backends[0] ?? "") === undefined) {
      leaderless.add(name);
    }
  }
  return { leaderless, open };
}

function reasonOf(winner: string, loser: string, aggregation: Aggregation): string {
  if (winner !== loser && aggregation.placeOf(winner) !== undefined) {
    return `${winner} comes first in priorityOrder`;
  }
  return "the first one in the configuration has it";
}

function namedText(list: ListName, text: string, name: string): string {
  const span = list === "tools" || list === "prompts" ? at(text, "name") : undefined;
  return span === undefined ? text : replace(text, span, JSON.stringify(name));
}
