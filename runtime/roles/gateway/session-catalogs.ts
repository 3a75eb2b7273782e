import type { Logger } from "pino";
import { SingleFlight } from "../../async/single-flight.ts";
import type { RequestContext } from "../../calls/request-context.ts";
import { Catalog, type ProviderListing } from "../../catalog/catalog.ts";
import { type Item, LIST_NAMES } from "../../catalog/listing.ts";
import type { View } from "../../catalog/view.ts";
import type { Views } from "../../catalog/views.ts";
import { clock } from "../../platform/clock.ts";
import type { Events } from "../../sessions/events.ts";
import type { LiveSession } from "../../sessions/live-session.ts";
import type { Backend } from "../../upstream/backend.ts";
import type { BackendRegistry } from "../../upstream/backend-registry.ts";
import type { UpstreamSessions } from "../../upstream/sessions/upstream-sessions.ts";
import type { ListName } from "../../wire/methods.ts";
import { OwnLists } from "./own-lists.ts";
import { readList } from "./read-list.ts";

/** Lists that could not be read are asked for again by calls, but not more often than this. */
const RETRY_MS = 1_000;

export interface SessionCatalogsParts {
  readonly views: Views;
  readonly upstreams: UpstreamSessions;
  readonly backends: BackendRegistry;
  readonly events: Events;
  readonly listTimeoutSeconds: number;
  readonly log: Logger;
}

/** Who wants to know: what the client says of itself, and its session if there is one. */
export type ForClient = Pick<RequestContext, "client" | "session">;

/** What a client sees, and whose items it does not see although they may be there. */
export interface ClientCatalog {
  readonly catalog: Catalog;
  /** Backends whose items are missing, by name. */
  readonly missing: readonly string[];
}

/** What a session has of its own, and what that was merged with. */
interface SessionLists extends ClientCatalog {
  readonly own: ReadonlyMap<string, OwnLists>;
  readonly shared: Catalog;
  readonly readAtMs: number;
}

/**
 * The lists that a client sees: those of its view, but for backends with `catalog: perSession`, whose lists
 * are asked for in the session itself.
 */
export class SessionCatalogs {
  readonly #parts: SessionCatalogsParts;
  readonly #lists = new WeakMap<LiveSession, SessionLists>();
  readonly #reading = new SingleFlight<LiveSession, SessionLists>();
  #own: readonly Backend[];
  /** By backend: why lists could not be read in a session last; none once they could. */
  readonly #degraded = new Map<string, string>();

  constructor(parts: SessionCatalogsParts) {
    const { backends, events } = parts;
    const ownOnes = () => backends.all.filter((backend) => this.isPerSession(backend));
    const follow = () => {
      this.#own = ownOnes();
    };
    this.#parts = parts;
    this.#own = ownOnes();
    events.on("backendAdded", follow);
    events.on("backendRemoved", follow);
  }

  /** Why lists of a backend could not be read in a session, if the last reading failed. */
  degradedBy(backend: string): string | undefined {
    return this.#degraded.get(backend);
  }

  /** For finding where a name leads. */
  async of({ client, session }: ForClient): Promise<ClientCatalog> {
    const view = this.#parts.views.get(client);
    const shared = await view.settled();
    const own = this.#own;
    if (session === undefined || own.length === 0) {
      return { catalog: shared, missing: view.missing };
    }
    const known = this.#lists.get(session);
    if (known === undefined || isToReadAgain(known, own)) return await this.#read(session, view);
    if (known.shared === shared) return known;
    return this.#merge(session, view, shared, known.own, known.readAtMs);
  }

  /** For answering a list: asks the backends whose lists are the session's own again. */
  async refresh({ client, session }: ForClient): Promise<ClientCatalog> {
    const view = this.#parts.views.get(client);
    const shared = await view.settled();
    if (session === undefined || this.#own.length === 0) {
      return { catalog: shared, missing: view.missing };
    }
    return await this.#read(session, view);
  }

  /** A backend with lists of the session's own says that they have changed. Returns which are others than before. */
  async reread(session: LiveSession): Promise<{ catalog: Catalog; changed: readonly ListName[] }> {
    const view = this.#parts.views.get(session.record);
    const before = this.#lists.get(session)?.catalog ?? (await view.settled());
    const { catalog } = await this.#read(session, view);
    return { catalog, changed: catalog.changedSince(before) };
  }

  /** Whether a backend's lists are each session's own. */
  isPerSession({ settings }: Backend): boolean {
    return settings.catalog === "perSession";
  }

  /** One reading at a time in each session: who comes meanwhile gets what it finds. */
  #read(session: LiveSession, view: View): Promise<SessionLists> {
    return this.#reading.run(session, () => this.#readNow(session, view));
  }

  async #readNow(session: LiveSession, view: View): Promise<SessionLists> {
    const shared = await view.settled();
    const signal = clock.timeout(this.#parts.listTimeoutSeconds * 1000);
    const before = this.#lists.get(session)?.own;
    const reads = this.#own.map(async (backend) => {
      const lists = await this.#readBackend(session, backend, signal);
      return [backend.name, OwnLists.after(before?.get(backend.name), lists)] as const;
    });
    const own = new Map(await Promise.all(reads));
    return this.#merge(session, view, shared, own, clock.monotonicMs());
  }

  /** The lists that could be read. */
  async #readBackend(
    session: LiveSession,
    backend: Backend,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<ListName, readonly Item[]>> {
    const lists = new Map<ListName, readonly Item[]>();
    const failures: string[] = [];
    const fail = (what: string, error: unknown): void => {
      failures.push(`${what}: ${error instanceof Error ? error.message : String(error)}`);
      const about = { sid: session.label, backend: backend.name, what, error };
      this.#parts.log.warn(about, "the lists of a session cannot be read: keeping the last ones");
    };
    try {
      const upstream = await this.#parts.upstreams.open(session, backend, signal);
      const reads = LIST_NAMES.map(async (list) => {
        const items = await readList(upstream, list, signal).catch((error) => fail(list, error));
        if (items !== undefined) lists.set(list, items);
      });
      await Promise.all(reads);
    } catch (error) {
      fail("session", error);
    }
    if (failures.length > 0) this.#degraded.set(backend.name, failures.join("; "));
    else this.#degraded.delete(backend.name);
    return lists;
  }

  #merge(
    session: LiveSession,
    view: View,
    shared: Catalog,
    own: ReadonlyMap<string, OwnLists>,
    readAtMs: number,
  ): SessionLists {
    const all = view.listings.flatMap(({ provider, listing }): ProviderListing[] => {
      const theirs = own.has(provider) ? own.get(provider)?.listing : listing;
      return theirs === undefined ? [] : [{ provider, listing: theirs }];
    });
    const missing = view.listings.flatMap(({ provider, listing }) => {
      const ownLists = own.get(provider);
      const isMissing = ownLists === undefined ? listing === undefined : ownLists.isIncomplete;
      return isMissing ? [provider] : [];
    });
    const catalog = new Catalog(all, this.#parts.views.naming);
    const lists = { own, shared, readAtMs, catalog, missing };
    this.#lists.set(session, lists);
    return lists;
  }
}

/** Whether a backend came since, or a list could not be read a while ago. */
function isToReadAgain({ own, readAtMs }: SessionLists, backends: readonly Backend[]): boolean {
  if (backends.some(({ name }) => !own.has(name))) return true;
  const isStale = [...own.values()].some(({ stale }) => stale.length > 0);
  return isStale && clock.monotonicMs() - readAtMs >= RETRY_MS;
}
