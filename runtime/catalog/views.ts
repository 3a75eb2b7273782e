import type { Settings } from "@mcp-fleet/contract/settings";
import type { Logger } from "pino";
import { clock, type Timer } from "../platform/clock.ts";
import type { Events } from "../sessions/events.ts";
import { BASE_CAPABILITIES, viewCapabilities, viewKey } from "../sessions/view-key.ts";
import { Aggregation } from "./aggregation.ts";
import { Catalog } from "./catalog.ts";
import type { ItemSource } from "./item-source.ts";
import type { Unresolved } from "./merged-list.ts";
import { View } from "./view.ts";

/** A kind of clients, and the capabilities that they declare, as JSON text. */
export interface ViewOf {
  readonly view: string;
  readonly capabilities: string;
}

/** What a view is told apart by, and made for. */
export interface ViewsParts {
  readonly settings: Settings;
  /** The sources of all providers there are now, for one view, in the order of the configuration. */
  readonly sourcesOf: (
    view: ViewOf,
    before: readonly ItemSource[],
    onChange: () => void,
  ) => readonly ItemSource[];
  readonly events: Events;
  readonly log: Logger;
}

/** One view per set of client capabilities, since servers offer different things to different clients. */
export class Views {
  /** The view of clients that declare no capabilities: always there, so that /status can speak of backends. */
  readonly base: View;
  /** The providers whose changes clients are not told of. */
  readonly silent: ReadonlySet<string>;
  readonly #parts: ViewsParts;
  readonly #views = new Map<string, { readonly view: View; readonly capabilities: string }>();
  readonly #pins = new Set<(key: string) => boolean>();
  readonly #sweeper: Timer;
  /** What was said of the settings in the log: as much as they name. */
  readonly #said = new Set<string>();
  #aggregation: Aggregation;

  constructor(parts: ViewsParts) {
    const { settings, events } = parts;
    this.#parts = parts;
    this.silent = new Set(settings.listChanged.disabledWorkloads);
    this.#aggregation = new Aggregation(settings.aggregation);
    this.base = this.get({ view: viewKey(BASE_CAPABILITIES), capabilities: BASE_CAPABILITIES });
    const idleMs = settings.limits.catalogRefreshSeconds * 1000;
    this.#sweeper = clock.every(idleMs, () => this.#sweep(clock.now() - idleMs));
    this.#sweeper.unref();
    events.on("viewListsChanged", (view, backend) => this.#refresh(view, backend));
    events.on("backendAdded", () => this.#followBackends());
    events.on("backendRemoved", () => this.#followBackends());
  }

  /** How lists are merged right now. */
  get aggregation(): Aggregation {
    return this.#aggregation;
  }

  /**
   * Merges all lists by other rules, without asking anybody again. Clients hear once of the lists that differ. Returns the
   * names that are to be resolved by hand first: where there are any, nothing has changed.
   */
  applyAggregation(aggregation: Aggregation): readonly Unresolved[] {
    const views = [...this.#views.values()].map(({ view }) => view);
    for (const { listings } of views) {
      const { unresolved } = new Catalog(listings, aggregation);
      if (unresolved.length > 0) return unresolved;
    }
    this.#aggregation = aggregation;
    this.#said.clear();
    for (const view of views) view.apply(aggregation);
    return [];
  }

  get keys(): readonly string[] {
    return [...this.#views.keys()];
  }

  /** A view for which `isPinned` holds is never closed for want of use. */
  pinWhile(isPinned: (key: string) => boolean): void {
    this.#pins.add(isPinned);
  }

  /** The view of a kind of clients; made, and the providers asked, where it is not there. */
  get({ view: key, capabilities: declared }: ViewOf): View {
    const present = this.#views.get(key);
    if (present !== undefined) {
      present.view.usedAtMs = clock.now();
      return present.view;
    }
    if (this.#views.size >= this.#parts.settings.limits.views) this.#closeLeastUsed();
    const view = this.#create(key);
    const capabilities = viewCapabilities(declared);
    this.#views.set(key, { view, capabilities });
    this.#setSources(view, capabilities);
    return view;
  }

  async close(): Promise<void> {
    clock.clear(this.#sweeper);
    await Promise.all([...this.#views.values()].map(({ view }) => view.close()));
    this.#views.clear();
  }

  #create(key: string): View {
    const { settings, events } = this.#parts;
    return new View({
      key,
      aggregation: this.#aggregation,
      silent: this.silent,
      firstAnswerMs: firstAnswerSeconds(key, settings) * 1000,
      log: this.#parts.log.child({ view: key.slice(0, 8) }),
      onChange: (view, lists) => events.emit("catalogChanged", view.key, lists),
      onUnmatched: (faults) => this.#say(faults),
    });
  }

  #say(faults: readonly string[]): void {
    for (const fault of faults) {
      if (this.#said.has(fault)) continue;
      this.#said.add(fault);
      this.#parts.log.warn({ fault }, "the settings name what no backend lists");
    }
  }

  #setSources(view: View, capabilities: string): void {
    const of = { view: view.key, capabilities };
    view.setSources(this.#parts.sourcesOf(of, view.sources, () => view.changed()));
  }

  #followBackends(): void {
    for (const { view, capabilities } of this.#views.values()) this.#setSources(view, capabilities);
  }

  /** Has a provider's lists read again for a view, if it is here. */
  #refresh(key: string, provider: string): void {
    const sources = this.#views.get(key)?.view.sources ?? [];
    sources.find((source) => source.provider === provider)?.refresh();
  }

  #sweep(unusedSinceMs: number): void {
    for (const { view } of this.#views.values()) {
      const isPinned = [...this.#pins].some((pins) => pins(view.key));
      const used = view.usedAtMs > unusedSinceMs || isPinned;
      if (view !== this.base && !used) this.#remove(view);
    }
  }

  #closeLeastUsed(): void {
    const views = [...this.#views.values()].flatMap(({ view }) =>
      view === this.base ? [] : [view],
    );
    const [leastUsed] = views.sort((a, b) => a.usedAtMs - b.usedAtMs);
    if (leastUsed !== undefined) this.#remove(leastUsed);
  }

  #remove(view: View): void {
    this.#views.delete(view.key);
    view.close().catch((error: unknown) => {
      this.#parts.log.warn({ error }, "a view could not be closed");
    });
  }
}

/** Nobody waits for the first view of all: the process is ready once it has looked at every backend. */
function firstAnswerSeconds(key: string, { health, limits }: Settings): number {
  const isBase = key === viewKey(BASE_CAPABILITIES);
  return isBase ? health.timeoutSeconds : Math.min(health.timeoutSeconds, limits.listWaitSeconds);
}
