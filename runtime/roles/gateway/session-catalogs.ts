import type { Settings } from "@mcp-fleet/contract/settings";
import type { Logger } from "pino";
import { untilAborted } from "../../async/until-aborted.ts";
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
import { causeText, FleetError } from "../../wire/fleet-error.ts";
import type { ListName } from "../../wire/methods.ts";
import { type CatalogLimits, readList } from "./read-list.ts";
import { SessionListCache, type SessionLists } from "./session-lists.ts";

/** Lists that could not be read are asked for again by calls, but not more often than this. */
const RETRY_MS = 1_000;

/** What a session knows of a backend before it has asked. */
const NOT_READ = new ListReadings();

/** One reading of a list of a session's own. */
interface OwnReading {
  readonly request: ForRequest;
  readonly session: LiveSession;
  readonly known: SessionLists;
  readonly backend: Backend;
  readonly list: ListName;
  /** Of the list and the backend. */
  readonly key: string;
}

export interface SessionCatalogsParts {
  readonly views: Views;
  readonly upstreams: UpstreamSessions;
  readonly backends: BackendRegistry;
  readonly events: Events;
  readonly limits: CatalogLimits &
    Pick<Settings["limits"], "callTimeoutSeconds" | "sessionCatalogBytes" | "listWaitSeconds">;
  /** Whether a backend is known to fail: nobody waits for it. */
  readonly isFailing: (backend: Backend) => boolean;
  readonly metrics: Metrics;
  readonly log: Logger;
}

/** Who wants to know: what the client says of itself, and its session if there is one. */
export type ForClient = Pick<RequestContext, "client" | "session">;

/** The same, with whose request it is: absent where the process wants to know by itself. */
export type ForRequest = ForClient & Partial<Pick<RequestContext, "headers">>;

/** A list of a session came after its answer had gone without it. */
export type OnLate = (session: LiveSession, list: ListName) => void;

/**
 * The lists that a client sees: those of its view, but for backends with `catalog: perSession`, whose lists
 * are asked for in the session itself, each list by itself.
 */
export class SessionCatalogs {
  readonly #parts: SessionCatalogsParts;
  readonly #lists: SessionListCache;
  #own: readonly Backend[];
  #onLate: OnLate = () => {};
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

  /** `listener` hears of lists that came late. */
  onLate(listener: OnLate): void {
    this.#onLate = listener;
  }

  /**
   * For finding where a name leads: what these lists say. Backends that have not answered in time are missing.
   *
   * @param isEnough what is known already is all that is asked for: then nobody is waited for.
   */
  async of(
    request: ForRequest,
    lists: readonly ListName[],
    isEnough: (catalog: Catalog) => boolean = () => false,
  ): Promise<Catalog> {
    const { client, session } = request;
    const view = this.#parts.views.get(client);
    if (session === undefined || this.#own.length === 0) return await view.settled(isEnough);
    const known = this.#lists.of(session.key);
    const present = this.#merge(view, session, known);
    const stale = lists.filter((list) => this.#isToReadAgain(known, list));
    const reading = stale.length > 0 ? this.#read(request, session, known, stale) : undefined;
    if (isEnough(present)) return present;
    await Promise.all([view.settled(isEnough), reading]);
    return this.#merge(view, session, known);
  }

  /** Why the lists of a backend could not be read in a session, such as that its client has to log in; undefined: for no such reason. */
  failureOf(session: LiveSession | undefined, backend: string): FleetError | undefined {
    return session && this.#lists.of(session.key).failures.get(backend);
  }

  /** What is known of a session's lists right now. */
  known(session: LiveSession): Catalog {
    return this.#merge(this.#parts.views.get(session.record), session, this.#lists.of(session.key));
  }

  /** For answering a list: asks the backends whose lists are the session's own again. */
  async refresh(request: ForRequest, list: ListName): Promise<Catalog> {
    const { client, session } = request;
    const view = this.#parts.views.get(client);
    if (session === undefined || this.#own.length === 0) return await view.settled();
    const known = this.#lists.of(session.key);
    await Promise.all([view.settled(), this.#read(request, session, known, [list])]);
    return this.#merge(view, session, known);
  }

  /** A backend with lists of the session's own says that they have changed. Returns which are others than before. */
  async reread(session: LiveSession): Promise<{ catalog: Catalog; changed: readonly ListName[] }> {
    const view = this.#parts.views.get(session.record);
    const known = this.#lists.of(session.key);
    const before = known.merged?.catalog ?? (await view.settled());
    const request = { client: session.record, session };
    if (this.#own.some(({ settings }) => settings.passthroughHeaders !== undefined)) {
      // Without the client's headers it may be another list: the client, which is told, asks again with them.
      known.own.clear();
      known.isStale = true;
      return { catalog: before, changed: LIST_NAMES.filter((list) => session.listed.has(list)) };
    }
    // A list that the session never asked for has not changed for it; one that another process served may have.
    const asked = LIST_NAMES.filter((list) => known.triedAtMs.has(list));
    await this.#read(request, session, known, asked.length === 0 ? LIST_NAMES : asked);
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

  /** Has lists read, each by itself, and waits for them for a while: not for backends that are known to fail, or were slow. */
  async #read(
    request: ForRequest,
    session: LiveSession,
    known: SessionLists,
    lists: readonly ListName[],
  ): Promise<void> {
    const { limits, isFailing } = this.#parts;
    const backends = this.#own;
    for (const name of known.own.keys()) {
      if (!backends.some((backend) => backend.name === name)) {
        known.own.delete(name);
        known.failures.delete(name);
      }
    }
    const patience = clock.timeout(limits.listWaitSeconds * 1000);
    const waits = backends.flatMap((backend) =>
      lists.map(async (list) => {
        const key = `${list} ${backend.name}`;
        const reading = known.reading.run(key, () =>
          this.#readList({ request, session, known, backend, list, key }),
        );
        if (known.slow.has(key) || isFailing(backend)) known.slow.add(key);
        else await untilAborted(reading, patience).catch(() => known.slow.add(key));
      }),
    );
    await Promise.all(waits);
    for (const list of lists) known.triedAtMs.set(list, clock.monotonicMs());
  }

  /** A list that cannot be read keeps what it had. Never fails. */
  async #readList({ request, session, known, backend, list, key }: OwnReading): Promise<void> {
    const { upstreams, limits, log } = this.#parts;
    const { name } = backend;
    const readings = known.own.get(name) ?? new ListReadings();
    known.own.set(name, readings);
    const degraded = this.#degraded.get(name) ?? new Map<string, string>();
    this.#degraded.set(name, degraded);
    const signal = clock.timeout(limits.callTimeoutSeconds * 1000);
    try {
      const upstream = await upstreams.open(session, backend, signal, request);
      const { items, warning } = await readList(upstream, list, limits, signal);
      const isOther = readings.read(list, items, warning);
      degraded.delete(list);
      known.failures.delete(name);
      known.isStale = true;
      if (known.slow.delete(key) && isOther) this.#onLate(session, list);
    } catch (error) {
      const reason = causeText(error);
      readings.failed(list, reason);
      degraded.set(list, reason);
      if (error instanceof FleetError) known.failures.set(name, error);
      else known.failures.delete(name);
      known.isStale = true;
      const about = { sid: session.label, backend: name, list, error };
      log.warn(about, "a list of a session cannot be read: it keeps its last items");
    }
  }

  #merge(view: View, { key }: LiveSession, known: SessionLists): Catalog {
    const { merged, own } = known;
    const { catalog: shared } = view;
    if (!known.isStale && merged?.shared === shared) return merged.catalog;
    const isOwn = new Set(this.#own.map(({ name }) => name));
    const all = view.listings.map(({ provider, listing }): ProviderListing => {
      if (!isOwn.has(provider)) return { provider, listing };
      return { provider, listing: (own.get(provider) ?? NOT_READ).listing() };
    });
    const { aggregation, silent } = this.#parts.views;
    const whole = new Catalog(all, aggregation, silent);
    // As in a view, what is to be resolved by hand changes nothing.
    const catalog = whole.unresolved.length === 0 ? whole : (merged?.catalog ?? whole);
    known.merged = { shared, catalog };
    known.isStale = false;
    this.#lists.keep(key, known);
    return catalog;
  }
}
