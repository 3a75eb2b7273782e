import type { Logger } from "pino";
import { Coalescer } from "../../async/coalescer.ts";
import type { ClientListeners } from "../../calls/client-listeners.ts";
import type { Catalog } from "../../catalog/catalog.ts";
import { LIST_NAMES } from "../../catalog/listing.ts";
import type { Views } from "../../catalog/views.ts";
import type { FleetBus } from "../../fleet/fleet-bus.ts";
import type { Events } from "../../sessions/events.ts";
import type { LiveSession } from "../../sessions/live-session.ts";
import type { Metrics } from "../../telemetry/metrics.ts";
import type { BackendRegistry } from "../../upstream/backend-registry.ts";
import { changeMethod, type ListName } from "../../wire/methods.ts";
import type { Permissions } from "./permissions.ts";
import type { SessionCatalogs } from "./session-catalogs.ts";

export interface ListChangesParts {
  readonly views: Views;
  readonly catalogs: SessionCatalogs;
  readonly permissions: Permissions;
  readonly backends: BackendRegistry;
  readonly bus: FleetBus;
  /** Clients are told nothing; lists change all the same. */
  readonly isSilent: boolean;
  readonly streams: ClientListeners;
  readonly events: Events;
  readonly metrics: Metrics;
  readonly log: Logger;
}

/**
 * Tells clients that listen when a list that they see has changed: once per change, and only then. What a backend says
 * in one session goes to the fleet; every process then reads the lists of its own views again and tells its own clients.
 */
export class ListChanges {
  readonly #parts: ListChangesParts;
  /** By view and backend, and by session: a backend that says it 3,000 times is told on and read twice. */
  readonly #publishing = new Coalescer<string, void>();
  readonly #rereading = new Coalescer<LiveSession, void>();

  constructor(parts: ListChangesParts) {
    const { views, events } = parts;
    this.#parts = parts;
    views.pinWhile((key) => this.#hasListener(key));
    events.on("listChanged", (session, backend) => this.#onListChanged(session, backend));
    events.on("catalogChanged", (view, lists) => this.#notifyListeners(view, lists));
    events.on("streamOpened", (session) => this.#notifyMissed(session));
    parts.catalogs.onLate((session, list) => void this.#notifyLate(session, list));
  }

  /** A list came after the client had been answered without it. */
  async #notifyLate(session: LiveSession, list: ListName): Promise<void> {
    if (!session.listed.has(list)) return;
    try {
      await this.#notify(session, this.#parts.catalogs.known(session), [list]);
    } catch (error) {
      this.#parts.log.info({ sid: session.label, error }, "a late list could not be announced");
    }
  }

  /** A backend told a session, not us, that its lists changed. */
  async #onListChanged(session: LiveSession, name: string): Promise<void> {
    const { catalogs, backends, log } = this.#parts;
    const backend = backends.get(name);
    if (backend === undefined) return;
    try {
      if (catalogs.isPerSession(backend)) {
        await this.#rereading.run(session, () => this.#reread(session));
      } else {
        const { view } = session.record;
        await this.#publishing.run(JSON.stringify([view, name]), () => this.#publish(view, name));
      }
    } catch (error) {
      log.info({ sid: session.label, backend: name, error }, "changed lists could not be read");
    }
  }

  async #reread(session: LiveSession): Promise<void> {
    const { catalog, changed } = await this.#parts.catalogs.reread(session);
    await this.#notify(session, catalog, changed);
  }

  /** While the store is away, at least this process's own clients hear of it. */
  async #publish(view: string, backend: string): Promise<void> {
    const { bus, events } = this.#parts;
    try {
      await bus.listsChanged(view, backend);
    } catch (error) {
      events.emit("viewListsChanged", view, backend);
      throw error;
    }
  }

  /** A client that was away while a list it had changed hears of it when it is back. */
  async #notifyMissed(session: LiveSession): Promise<void> {
    const listed = LIST_NAMES.filter((list) => session.listed.has(list));
    if (listed.length === 0) return;
    const catalog = await this.#parts.catalogs.of({ client: session.record, session }, listed);
    await this.#notify(session, catalog, listed);
  }

  #hasListener(viewKey: string): boolean {
    for (const { record } of this.#parts.streams.sessions()) {
      if (record.view === viewKey) return true;
    }
    return false;
  }

  async #notifyListeners(view: string, lists: readonly ListName[]): Promise<void> {
    const { streams, views, log } = this.#parts;
    for (const session of streams.sessions()) {
      if (session.record.view !== view) continue;
      try {
        await this.#notify(session, views.get(session.record).catalog, lists);
      } catch (error) {
        log.info({ sid: session.label, error }, "a session could not be told of changed lists");
      }
    }
  }

  /** A list that is for this client as it was has not changed, whatever others see. */
  async #notify(session: LiveSession, catalog: Catalog, lists: readonly ListName[]): Promise<void> {
    const { permissions, metrics, streams, isSilent } = this.#parts;
    if (isSilent) return;
    const changed = await permissions.changedFor(session, catalog, lists);
    for (const [list, digest] of changed) {
      session.listed.set(list, digest);
      metrics.listChanges.inc({ list });
    }
    for (const method of new Set([...changed.keys()].map(changeMethod))) {
      streams.send(session.key, JSON.stringify({ jsonrpc: "2.0", method }));
    }
  }
}
