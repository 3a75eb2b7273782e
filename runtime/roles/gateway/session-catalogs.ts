import type { Settings } from "@mcp-fleet/contract/settings";
import type { Logger } from "pino";
import type { RequestContext } from "../../calls/request-context.ts";
import { Catalog } from "../../catalog/catalog.ts";
import { describeLists, ListReadings } from "../../catalog/list-readings.ts";
import { LIST_NAMES } from "../../catalog/listing.ts";
import type { ProviderListing } from "../../catalog/merged-list.ts";
import type { View } from "../../catalog/view.ts";
import type { Views } from "../../catalog/views.ts";
import { clock } from "../../platform/clock.ts";
import type { Events } from "../../sessions/events.ts";
import type { LiveSession } from "../../sessions/live-session.ts";
import type { Metrics } from "../../telemetry/metrics.ts";
import type { Backend } from "../../upstream/backend.ts";
import type { BackendRegistry } from "../../upstream/backend-registry.ts";
import type { UpstreamSessions } from "../../upstream/sessions/upstream-sessions.ts";
import { causeText } from "../../wire/fleet-error.ts";
import type { ListName } from "../../wire/methods.ts";
import { type CatalogLimits, readList } from "./read-list.ts";
import { SessionListCache, type SessionLists } from "./session-lists.ts";

/** Lists that could not be read are asked for again by calls, but not more often than this. */
const RETRY_MS = 1_000;

export interface SessionCatalogsParts {
  readonly views: Views;
  readonly upstreams: UpstreamSessions;
  readonly backends: BackendRegistry;
  readonly events: Events;
  readonly limits: CatalogLimits &
    Pick<Settings["limits"], "callTimeoutSeconds" | "sessionCatalogBytes">;
  readonly metrics: Metrics;
  readonly log: Logger;
}

/** Who wants to know: what the client says of itself, and its session if there is one. */
export type ForClient = Pick<RequestContext, "client" | "session">;

/**
 * The lists that a client sees: those of its view, but for backends with `catalog: perSession`, whose lists
 * are asked for in the session itself, each list by itself.
 */
export class SessionCatalogs {
  readonly #parts: SessionCatalogsParts;
  readonly #lists: SessionListCache;
  #own: readonly Backend[];
  /** By backend: why lists could not be read in a session last; none once they could. */
  readonly #degraded = new Map<string, Map<string, string>>();

  constructor(parts: SessionCatalogsParts) {
    const { backends, events, limits, metrics } = parts;
    const ownOnes = () => backends.all.filter((backend) => this.isPerSession(backend));
    const follow = () => {
      this.#own = ownOnes();
    };
    this.#parts = parts;
    this.#own = ownOnes();
    this.#lists = new SessionListCache(limits.sessionCatalogBytes);
    metrics.onScrape(() => metrics.sessionListBytes.set(this.#lists.bytes));
    events.on("sessionGone", (key) => this.#lists.delete(key));
    events.on("backendAdded", follow);
    events.on("backendRemoved", (name) => {
      this.#degraded.delete(name);
      follow();
    });
  }

  /** Why lists of a backend could not be read in a session, if the last reading failed. */
  degradedBy(backend: string): string | undefined {
    return describeLists(this.#degraded.get(backend) ?? new Map());
  }

  /** For finding where a name leads: what these lists say. */
  async of({ client, session }: ForClient, lists: readonly ListName[]): Promise<Catalog> {
    const view = this.#parts.views.get(client);
    const shared = await view.settled();
    if (session === undefined || this.#own.length === 0) return shared;
    const known = this.#lists.of(session.key);
    const stale = lists.filter((list) => this.#isToReadAgain(known, list));
    if (stale.length > 0) await this.#read(session, known, stale);
    return this.#merge(view, session, known);
  }

  /** For answering a list: asks the backends whose lists are the session's own again. */
  async refresh({ client, session }: ForClient, list: ListName): Promise<Catalog> {
    const view = this.#parts.views.get(client);
    const shared = await view.settled();
    if (session === undefined || this.#own.length === 0) return shared;
    const known = this.#lists.of(session.key);
    await this.#read(session, known, [list]);
    return this.#merge(view, session, known);
  }

  /** A backend with lists of the session's own says that they have changed. Returns which are others than before. */
  async reread(session: LiveSession): Promise<{ catalog: Catalog; changed: readonly ListName[] }> {
    const view = this.#parts.views.get(session.record);
    const known = this.#lists.of(session.key);
    const before = known.merged?.catalog ?? (await view.settled());
    // A list that the session never asked for has not changed for it; one that another process served may have.
    const asked = LIST_NAMES.filter((list) => known.triedAtMs.has(list));
    await this.#read(session, known, asked.length === 0 ? LIST_NAMES : asked);
    const catalog = this.#merge(view, session, known);
    return { catalog, changed: catalog.changedSince(before) };
  }

  /** Whether a backend's lists are each session's own. */
  isPerSession({ settings }: Backend): boolean {
    return settings.catalog === "perSession";
  }

  /** Whether a backend came since, or a list could not be read a while ago. */
  #isToReadAgain({ own, triedAtMs }: SessionLists, list: ListName): boolean {
    const tried = triedAtMs.get(list);
    if (tried === undefined || this.#own.some(({ name }) => !own.has(name))) return true;
    const isFresh = this.#own.every(({ name }) => own.get(name)?.isFresh(list) === true);
    return !isFresh && clock.monotonicMs() - tried >= RETRY_MS;
  }

  async #read(
    session: LiveSession,
    known: SessionLists,
    lists: readonly ListName[],
  ): Promise<void> {
    const reads = lists.map((list) =>
      known.reading.run(list, () => this.#readNow(session, known, list)),
    );
    await Promise.all(reads);
  }

  async #readNow(session: LiveSession, known: SessionLists, list: ListName): Promise<void> {
    const backends = this.#own;
    for (const name of known.own.keys()) {
      if (!backends.some((backend) => backend.name === name)) known.own.delete(name);
    }
    const signal = clock.timeout(this.#parts.limits.callTimeoutSeconds * 1000);
    await Promise.all(
      backends.map((backend) => this.#readList(session, known, backend, list, signal)),
    );
    known.triedAtMs.set(list, clock.monotonicMs());
    known.isStale = true;
  }

  /** A list that cannot be read keeps what it had. */
  async #readList(
    session: LiveSession,
    known: SessionLists,
    backend: Backend,
    list: ListName,
    signal: AbortSignal,
  ): Promise<void> {
    const { upstreams, limits, log } = this.#parts;
    const { name } = backend;
    const readings = known.own.get(name) ?? new ListReadings();
    known.own.set(name, readings);
    const degraded = this.#degraded.get(name) ?? new Map<string, string>();
    this.#degraded.set(name, degraded);
    try {
      const upstream = await upstreams.open(session, backend, signal);
      const { items, warning } = await readList(upstream, list, limits, signal);
      readings.read(list, items, warning);
      degraded.delete(list);
    } catch (error) {
      const reason = causeText(error);
      readings.failed(list, reason);
      degraded.set(list, reason);
      const about = { sid: session.label, backend: name, list, error };
      log.warn(about, "a list of a session cannot be read: it keeps its last items");
    }
  }

  #merge(view: View, { key }: LiveSession, known: SessionLists): Catalog {
    const { merged, own } = known;
    const { catalog: shared } = view;
    if (!known.isStale && merged?.shared === shared) return merged.catalog;
    const all = view.listings.map(({ provider, listing }): ProviderListing => {
      const theirs = own.get(provider);
      return { provider, listing: theirs === undefined ? listing : theirs.listing() };
    });
    const whole = new Catalog(all, this.#parts.views.aggregation);
    // As in a view, what is to be resolved by hand changes nothing.
    const catalog = whole.unresolved.length === 0 ? whole : (merged?.catalog ?? whole);
    known.merged = { shared, catalog };
    known.isStale = false;
    this.#lists.keep(key, known);
    return catalog;
  }
}
