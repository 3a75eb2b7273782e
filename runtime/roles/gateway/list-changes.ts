import type { Logger } from "pino";

import type { Catalog } from "../../catalog/catalog.ts";
import { LIST_NAMES, LISTS, type ListName } from "../../catalog/offer.ts";
import type { View } from "../../catalog/view.ts";
import type { Views } from "../../catalog/views.ts";
import type { ClientStreams } from "../../edge/client-streams.ts";
import type { LiveSession } from "../../sessions/live-session.ts";
import type { Metrics } from "../../telemetry/metrics.ts";
import type { Backend } from "../../upstream/backend.ts";
import type { SessionCatalogs } from "./session-catalogs.ts";

export interface ListChangesParts {
  readonly views: Views;
  readonly catalogs: SessionCatalogs;
  readonly streams: ClientStreams;
  readonly metrics: Metrics;
  readonly log: Logger;
}

/** Tells clients that listen when a list that they see has changed: once per change, and only then. */
export class ListChanges {
  readonly #parts: ListChangesParts;

  constructor(parts: ListChangesParts) {
    this.#parts = parts;
    parts.views.onChange((view, lists) => this.#tellListeners(view, lists));
    parts.views.keepWhile((key) => this.#hasListener(key));
  }

  /** A backend told a session, not us, that its lists changed. */
  async heard(session: LiveSession, backend: Backend): Promise<void> {
    const { catalogs, log } = this.#parts;
    try {
      const lists = await catalogs.changed(session, backend);
      this.#tell(session, await catalogs.of(session), lists);
    } catch (error) {
      log.info({ sid: session.label, backend: backend.name, error }, "changed lists stay unread");
    }
  }

  /** A client that was away while a list it had changed hears of it when it is back. */
  async tellMissed(session: LiveSession): Promise<void> {
    const catalog = await this.#parts.catalogs.of(session);
    const missed = LIST_NAMES.filter((list) => {
      const digest = session.listed.get(list);
      return digest !== undefined && digest !== catalog.digest(list);
    });
    this.#tell(session, catalog, missed);
  }

  #hasListener(viewKey: string): boolean {
    for (const { record } of this.#parts.streams.sessions()) {
      if (record.view === viewKey) return true;
    }
    return false;
  }

  #tellListeners(view: View, lists: readonly ListName[]): void {
    for (const session of this.#parts.streams.sessions()) {
      if (session.record.view === view.key) this.#tell(session, view.catalog, lists);
    }
  }

  #tell(session: LiveSession, catalog: Catalog, lists: readonly ListName[]): void {
    for (const list of lists) {
      session.listed.set(list, catalog.digest(list));
      this.#parts.metrics.listChanges.inc({ list });
    }
    for (const method of new Set(lists.map((list) => LISTS[list].changed))) {
      this.#parts.streams.send(session.key, JSON.stringify({ jsonrpc: "2.0", method }));
    }
  }
}
