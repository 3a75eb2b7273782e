import type { Logger } from "pino";
import { untilAborted } from "../async/until-aborted.ts";
import { clock, type Timer } from "../platform/clock.ts";
import type { ListName } from "../wire/methods.ts";
import type { Aggregation } from "./aggregation.ts";
import { Catalog } from "./catalog.ts";
import type { ItemSource } from "./item-source.ts";
import type { Listing } from "./listing.ts";
import type { Conflict, ProviderListing, Unresolved } from "./merged-list.ts";

/** Changes of several providers, or of several lists of one, that come this close are told as one. */
const DEBOUNCE_MS = 50;

/** A provider that has just come may take this long until it has answered all of its lists: they are told as one change. */
const FRESH_MS = 1_000;

/** How many new conflicts are logged at a time; /status has all. */
const MAX_LOGGED = 20;

export interface ViewParts {
  readonly key: string;
  readonly aggregation: Aggregation;
  /** The providers whose changes clients are not told of. */
  readonly silent: ReadonlySet<string>;
  /** How long the first lists wait for providers that do not answer. */
  readonly firstAnswerMs: number;
  readonly log: Logger;
  /** What the settings name although nobody lists it. */
  readonly onUnmatched: (faults: readonly string[]) => void;
  /** A merged list is another one than was announced last. */
  readonly onChange: (view: View, lists: readonly ListName[]) => void;
}

/** What clients of one kind see: the merged listings of all providers, kept up to date. */
export class View {
  readonly key: string;
  usedAtMs = clock.now();
  readonly #parts: ViewParts;
  #aggregation: Aggregation;
  #conflicts: ReadonlySet<string> = new Set();
  #unresolved: readonly Unresolved[] = [];
  /** The catalog is one without names that are to be resolved by hand, and was whole. */
  #isGood = false;
  #sources: readonly ItemSource[] = [];
  /** By provider: what it listed before it was replaced under its name, until its successor has answered or failed. */
  readonly #replaced = new Map<string, Listing>();
  #catalog: Catalog;
  /** Sources that came to lists that clients know already, and have not answered or failed yet. */
  readonly #fresh = new Set<ItemSource>();
  /** A source has changed since the catalog was merged: many do at a time, and it is merged once, for whoever reads it. */
  #isStale = false;
  #announced: Catalog;
  #debounce: Timer | undefined;
  #settling: Promise<void> = Promise.resolve();
  #settled = false;
  /** Until it is settled. */
  #nextChange = Promise.withResolvers<void>();

  constructor(parts: ViewParts) {
    this.key = parts.key;
    this.#parts = parts;
    this.#aggregation = parts.aggregation;
    this.#catalog = new Catalog([], parts.aggregation);
    this.#announced = this.#catalog;
  }

  get catalog(): Catalog {
    if (this.#isStale) this.#merge();
    return this.#catalog;
  }

  /** The names that are to be resolved by hand, for whose sake the catalog of before still stands. */
  get unresolved(): readonly Unresolved[] {
    if (this.#isStale) this.#merge();
    return this.#unresolved;
  }

  /** In the order of the configuration. */
  get sources(): readonly ItemSource[] {
    return this.#sources;
  }

  /** What each provider lists right now, in the order of the configuration; undefined where it lists nothing. */
  get listings(): readonly ProviderListing[] {
    return this.#sources.map(({ provider, listing }) => ({
      provider,
      listing: continued(listing, this.#replaced.get(provider)),
    }));
  }

  get instructions(): string | undefined {
    const sections = this.listings.flatMap(({ provider, listing }) =>
      listing?.instructions === undefined ? [] : [`## ${provider}\n\n${listing.instructions}`],
    );
    return sections.length === 0 ? undefined : sections.join("\n\n");
  }

  /** Merges these sources from now on. Those that were there before stay as they are; those that are not any more close. */
  setSources(sources: readonly ItemSource[]): void {
    const before = this.#sources;
    const listed = this.listings;
    this.#sources = sources;
    for (const source of sources) {
      if (before.includes(source)) continue;
      source.start();
      if (this.#settled) this.#await(source);
      this.#keepUntilSettled(
        source,
        listed.find(({ provider }) => provider === source.provider),
      );
    }
    for (const source of before) {
      if (sources.includes(source)) continue;
      this.#fresh.delete(source);
      if (!sources.some(({ provider }) => provider === source.provider)) {
        this.#replaced.delete(source.provider);
      }
      source.close().catch((error: unknown) => {
        this.#parts.log.warn({ provider: source.provider, error }, "a source could not be closed");
      });
    }
    if (!this.#settled) this.#settling = this.#settle(sources);
    this.changed();
  }

  /**
   * Waits until every provider has answered or failed once, or the time for that is over.
   *
   * @param isEnough what has been answered so far is all that is asked for.
   */
  async settled(isEnough: (catalog: Catalog) => boolean = () => false): Promise<Catalog> {
    while (!this.#settled && !isEnough(this.catalog)) {
      const settling = this.#settling;
      const isOver = await Promise.race([
        settling.then(() => true),
        this.#nextChange.promise.then(() => false),
      ]);
      if (isOver && settling === this.#settling) break;
    }
    return this.catalog;
  }

  /** Merges by these rules from now on. */
  apply(aggregation: Aggregation): void {
    this.#aggregation = aggregation;
    this.changed();
  }

  /** A source has another listing. */
  changed(): void {
    this.#isStale = true;
    if (!this.#settled) {
      this.#nextChange.resolve();
      this.#nextChange = Promise.withResolvers();
      return;
    }
    clock.clear(this.#debounce);
    const waitMs = this.#fresh.size > 0 ? FRESH_MS : DEBOUNCE_MS;
    this.#debounce = clock.after(waitMs, () => this.#announce());
  }

  async close(): Promise<void> {
    clock.clear(this.#debounce);
    await Promise.all(this.#sources.map((source) => source.close()));
  }

  /** What comes together with a source, or leaves for it, is told with it. */
  #await(source: ItemSource): void {
    this.#fresh.add(source);
    void source.settled.then(() => {
      if (this.#fresh.delete(source)) this.changed();
    });
  }

  /** A provider that was replaced under its name is not gone in between. */
  #keepUntilSettled(source: ItemSource, before?: { listing?: Listing | undefined }): void {
    if (before?.listing === undefined) return;
    this.#replaced.set(source.provider, before.listing);
    void source.settled.then(() => {
      if (!this.#sources.includes(source)) return;
      this.#replaced.delete(source.provider);
      this.changed();
    });
  }

  async #settle(sources: readonly ItemSource[]): Promise<void> {
    const all = Promise.all(sources.map(({ settled }) => settled));
    await untilAborted(all, clock.timeout(this.#parts.firstAnswerMs)).catch(() => {});
    if (this.#settled || sources !== this.#sources) return;
    this.#settled = true;
    this.#isStale = true;
    this.#announced = this.catalog;
  }

  #merge(): void {
    this.#isStale = false;
    const { listings } = this;
    const merged = new Catalog(listings, this.#aggregation, this.#parts.silent);
    const isResolved = merged.unresolved.length === 0;
    this.#logUnresolved(merged.unresolved);
    this.#unresolved = merged.unresolved;
    this.#logConflicts(merged.conflicts);
    if (isResolved || !this.#isGood) {
      if (!merged.equals(this.#catalog)) this.#catalog = merged;
      this.#isGood = isResolved && this.#settled;
    }
    if (this.#settled) this.#parts.onUnmatched(this.#aggregation.unmatched(listings));
  }

  #logUnresolved(unresolved: readonly Unresolved[]): void {
    if (unresolved.length === 0 || this.#unresolved.length > 0 || !this.#isGood) return;
    const names = unresolved.slice(0, MAX_LOGGED);
    const { length: count } = unresolved;
    this.#parts.log.error(
      { names, count },
      "names are to be resolved: the lists stay as they were",
    );
  }

  /** Those that were not there before, and not more than a few at a time: servers choose their names. */
  #logConflicts(conflicts: readonly Conflict[]): void {
    const keyOf = (conflict: Conflict) => JSON.stringify(conflict);
    const fresh = conflicts.filter((conflict) => !this.#conflicts.has(keyOf(conflict)));
    for (const conflict of fresh.slice(0, MAX_LOGGED)) {
      this.#parts.log.warn(conflict, "a name is not offered as its backend has it");
    }
    const more = fresh.length - MAX_LOGGED;
    if (more > 0) this.#parts.log.warn({ more }, "more names are not offered as they are");
    this.#conflicts = new Set(conflicts.map(keyOf));
  }

  #announce(): void {
    const { catalog } = this;
    const changed = catalog.changedSince(this.#announced);
    this.#announced = catalog;
    if (changed.length > 0) this.#parts.onChange(this, changed);
  }
}

/** What a provider lists, and of the lists that it has not read yet, those of the one that it replaces. */
function continued(listing: Listing | undefined, before: Listing | undefined): Listing | undefined {
  if (listing === undefined || before === undefined) return listing ?? before;
  const { unread = [] } = listing;
  if (unread.length === 0) return listing;
  const kept = unread.map((list) => [list, before.lists[list]] as const);
  const stillUnread = unread.filter((list) => before.unread?.includes(list));
  return {
    ...listing,
    lists: { ...listing.lists, ...Object.fromEntries(kept) },
    unread: stillUnread,
  };
}
