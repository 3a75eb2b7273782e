import type { BackendSettings } from "@mcp-fleet/contract/settings";
import { type BackendOffer, Catalog } from "../../catalog/catalog.ts";
import { readList } from "../../catalog/listing.ts";
import { LIST_NAMES, type ListName, type Offer } from "../../catalog/offer.ts";
import type { View } from "../../catalog/view.ts";
import type { Views } from "../../catalog/views.ts";
import { clock } from "../../platform/clock.ts";
import type { LiveSession } from "../../sessions/live-session.ts";
import type { SessionStore } from "../../sessions/session-store.ts";
import type { Backend } from "../../upstream/backend.ts";
import type { UpstreamSessions } from "../../upstream/sessions/upstream-sessions.ts";

export interface SessionCatalogsParts {
  readonly views: Views;
  readonly upstreams: UpstreamSessions;
  readonly store: SessionStore;
  readonly backends: readonly Backend[];
  readonly listTimeoutSeconds: number;
}

interface OwnLists {
  offers: ReadonlyMap<string, Offer>;
  view: View;
  shared: Catalog;
  merged: Catalog;
}

/**
 * The lists that a session sees: those of its view, but for backends with `catalog: perSession`, whose lists
 * are asked for in the session itself.
 */
export class SessionCatalogs {
  readonly #parts: SessionCatalogsParts;
  readonly #own: readonly Backend[];
  readonly #lists = new WeakMap<LiveSession, OwnLists>();

  constructor(parts: SessionCatalogsParts) {
    this.#parts = parts;
    this.#own = parts.backends.filter(({ settings }) => isPerSession(settings));
  }

  viewOf(session: LiveSession): View {
    return this.#parts.views.get(session.record.view, session.record.capabilities);
  }

  /** For finding where a name leads. */
  async of(session: LiveSession): Promise<Catalog> {
    const view = this.viewOf(session);
    const shared = await view.settled();
    if (this.#own.length === 0) return shared;
    const known = this.#lists.get(session);
    if (known === undefined) return await this.refresh(session);
    if (known.shared !== shared) this.#merge(session, view, shared, known.offers);
    return this.#lists.get(session)?.merged ?? shared;
  }

  /** For answering a list: asks the backends whose lists are the session's own again. */
  async refresh(session: LiveSession): Promise<Catalog> {
    const view = this.viewOf(session);
    const shared = await view.settled();
    if (this.#own.length === 0) return shared;
    const signal = clock.timeout(this.#parts.listTimeoutSeconds * 1000);
    const read = this.#own.map(async (backend) => {
      const offer = await this.#read(session, backend, signal).catch(() => undefined);
      return offer === undefined ? [] : [[backend.name, offer] as const];
    });
    const offers = new Map((await Promise.all(read)).flat());
    return this.#merge(session, view, shared, offers);
  }

  /**
   * A backend told a session that its lists changed. Those of the session itself are read again here; those of its
   * view by every process, which tells its own clients. Answers what changed for this session alone.
   */
  async changed(session: LiveSession, backend: Backend): Promise<readonly ListName[]> {
    if (!isPerSession(backend.settings)) {
      await this.#tellFleet(session.record.view, backend.name);
      return [];
    }
    const before = await this.of(session);
    const after = await this.refresh(session);
    return after.changedSince(before);
  }

  /** While the store is away, at least this process's own clients hear of it. */
  async #tellFleet(view: string, backend: string): Promise<void> {
    try {
      await this.#parts.store.listsChanged(view, backend);
    } catch (error) {
      this.#parts.views.refresh(view, backend);
      throw error;
    }
  }

  async #read(session: LiveSession, backend: Backend, signal: AbortSignal): Promise<Offer> {
    const upstream = await this.#parts.upstreams.open(session, backend, signal);
    const read = LIST_NAMES.map(async (list) => [list, await readList(upstream, list, signal)]);
    return { lists: Object.fromEntries(await Promise.all(read)), instructions: undefined };
  }

  #merge(
    session: LiveSession,
    view: View,
    shared: Catalog,
    offers: ReadonlyMap<string, Offer>,
  ): Catalog {
    const all = view.discoveries.flatMap(({ backend, offer }): BackendOffer[] => {
      const theirs = isPerSession(backend.settings) ? offers.get(backend.name) : offer;
      return theirs === undefined ? [] : [{ backend: backend.name, offer: theirs }];
    });
    const merged = new Catalog(all, this.#parts.views.naming);
    this.#lists.set(session, { offers, view, shared, merged });
    return merged;
  }
}

function isPerSession(settings: BackendSettings): boolean {
  return settings.catalog === "perSession";
}
