import type { Settings } from "@mcp-fleet/contract/settings";
import type { Logger } from "pino";
import type { ByteBudget, Hold } from "../../async/byte-budget.ts";
import type { Turns } from "../../async/turns.ts";
import type { ItemSource } from "../../catalog/item-source.ts";
import { ListReadings } from "../../catalog/list-readings.ts";
import { LIST_NAMES, LISTS, type Listing } from "../../catalog/listing.ts";
import { Backoff } from "../../platform/backoff.ts";
import { clock } from "../../platform/clock.ts";
import type { Backend } from "../../upstream/backend.ts";
import { refused } from "../../upstream/sessions/backend-error.ts";
import {
  handshake,
  type InitializeOutcome,
  type InitializeParams,
} from "../../upstream/sessions/handshake.ts";
import { ownRequest } from "../../upstream/sessions/own-request.ts";
import type { UpstreamSession } from "../../upstream/sessions/upstream-session.ts";
import { causeText, FleetError } from "../../wire/fleet-error.ts";
import { isObject } from "../../wire/message.ts";
import type { ListName } from "../../wire/methods.ts";
import { Announcements } from "./announcements.ts";
import { BackendHealth, type BackendState } from "./backend-health.ts";
import { ListPoller } from "./list-poller.ts";
import { type CatalogLimits, type ListRead, readList } from "./read-list.ts";

export interface DiscoveryParts {
  readonly backend: Backend;
  readonly initialize: InitializeParams;
  readonly health: Settings["health"];
  readonly limits: CatalogLimits &
    Pick<Settings["limits"], "catalogRefreshSeconds" | "catalogRecheckSeconds">;
  /** The room for the lists of all backends. */
  readonly room: ByteBudget;
  /** How many lists of this backend are read at a time. */
  readonly turns: Turns;
  /** Whether lists wait for its first answer: not for one that is known to fail. */
  readonly isAwaited: boolean;
  readonly log: Logger;
  /** The listing is another one, or the first attempt failed. */
  readonly onChange: () => void;
}

/** A list that a backend does not have. */
const NOTHING: ListRead = { items: [], warning: undefined };

const FIRST_RETRY_MS = 250;

/**
 * Keeps knowing what one backend offers to clients of one kind: a session of our own at the backend, its
 * lists, and a stream that says when they change. Starts over, ever more slowly, when the backend fails.
 */
export class Discovery implements ItemSource {
  readonly backend: Backend;
  readonly health = new BackendHealth();
  readonly #parts: DiscoveryParts;
  readonly #stop = new AbortController();
  readonly #settled = Promise.withResolvers<void>();
  readonly #retries: Backoff;
  readonly #rooms = new Map<ListName, Hold>();
  #readings = new ListReadings();
  #listing: Listing | undefined;
  #lastAnswerMs = clock.now();
  #pollers: ReadonlyMap<ListName, ListPoller> = new Map();
  #announcements: Announcements | undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(parts: DiscoveryParts) {
    const maxMs = parts.health.intervalSeconds * 1000;
    this.backend = parts.backend;
    this.#parts = parts;
    this.#retries = new Backoff({ firstMs: FIRST_RETRY_MS, maxMs });
    if (!parts.isAwaited) this.#settled.resolve();
  }

  get provider(): string {
    return this.backend.name;
  }

  get listing(): Listing | undefined {
    return this.#listing;
  }

  /** Why lists could not be read although the backend answers, by list. */
  get listErrors(): ReadonlyMap<ListName, string> {
    return this.#readings.errors;
  }

  /** Why lists are not as long as the backend's, by list. */
  get listWarnings(): ReadonlyMap<ListName, string> {
    return this.#readings.warnings;
  }

  get settled(): Promise<void> {
    return this.#settled.promise;
  }

  /** Its session at the backend is ended before the backend closes. */
  start(): void {
    this.backend.hold();
    this.#running = this.#run().finally(() => this.backend.letGo());
  }

  refresh(): void {
    for (const poller of this.#pollers.values()) poller.wake();
  }

  async close(): Promise<void> {
    this.#stop.abort(new Error("closed"));
    this.#settled.resolve();
    await this.#running;
    this.#forget();
  }

  /** Its lists are gone. */
  #forget(): void {
    this.#listing = undefined;
    this.#readings = new ListReadings();
    for (const room of this.#rooms.values()) room.release();
    this.#rooms.clear();
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      const attempt = new AbortController();
      const either = AbortSignal.any([signal, attempt.signal]);
      try {
        await this.#serve(either);
      } catch (error) {
        if (!signal.aborted) this.#fail(error);
      } finally {
        attempt.abort(new Error("discovery starts over"));
        this.#settled.resolve();
      }
      if (signal.aborted) return;
      await clock.sleep(this.#retries.nextMs(), { signal }).catch(() => {});
    }
  }

  /** One session at the backend, from handshake to its loss. */
  async #serve(signal: AbortSignal): Promise<never> {
    const { initialize } = this.#parts;
    const outcome = await handshake(
      this.backend,
      initialize,
      1,
      this.#withTimeout(signal, this.#parts.health.initializeTimeoutSeconds),
    );
    const { session } = outcome;
    const unread = new Set(LIST_NAMES);
    const onRead = (list: ListName): void => {
      if (unread.delete(list) && unread.size === 0) this.#settled.resolve();
    };
    this.#pollers = new Map(
      LIST_NAMES.map((list) => [list, this.#poller(list, outcome, onRead, signal)]),
    );
    const announcements = this.#announcementsOf(session);
    this.#announcements = announcements;
    try {
      const polls = [...this.#pollers.values()].map((poller) => poller.run(signal));
      return await Promise.race([
        ...polls,
        announcements.run(signal),
        this.#watch(session, signal),
      ]);
    } finally {
      this.#pollers = new Map();
      this.#announcements = undefined;
      const ended = session.end(this.#withTimeout()).catch(() => {});
      if (this.#stop.signal.aborted) await ended;
    }
  }

  #announcementsOf(session: UpstreamSession): Announcements {
    return new Announcements({
      session,
      retryMs: this.#parts.limits.catalogRefreshSeconds * 1000,
      onChanged: (lists) => {
        if (lists === undefined) this.refresh();
        else for (const list of lists) this.#pollers.get(list)?.wake();
      },
      onFailed: (error, signal) => this.#orThrow(error, session, signal),
    });
  }

  #poller(
    list: ListName,
    outcome: InitializeOutcome,
    onRead: (list: ListName) => void,
    signal: AbortSignal,
  ): ListPoller {
    const { limits, health } = this.#parts;
    const refreshMs = limits.catalogRefreshSeconds * 1000;
    const recheckMs = Math.max(refreshMs, limits.catalogRecheckSeconds * 1000);
    const isAnnounced = announces(outcome.capabilities[LISTS[list].capability]);
    return new ListPoller({
      read: async () => {
        const wasRead = await this.#read(list, outcome, signal);
        onRead(list);
        return wasRead;
      },
      everyMs: () => (isAnnounced && this.#announcements?.isHeard ? recheckMs : refreshMs),
      tickMs: refreshMs,
      maxRetryMs: health.intervalSeconds * 1000,
    });
  }

  /** @throws where the session is lost; a list that alone cannot be read keeps its last value. */
  async #read(
    list: ListName,
    { session, capabilities, instructions }: InitializeOutcome,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { log } = this.#parts;
    const { capability } = LISTS[list];
    // Who declares nothing at all has forgotten to: SDKs list the tools of such a server.
    const isForgotten = capability === "tools" && Object.keys(capabilities).length === 0;
    const isOffered = isForgotten || capabilities[capability] !== undefined;
    let failure: unknown;
    let isChanged = this.#listing === undefined;
    try {
      const { items, warning } = isOffered
        ? await this.#readInTurn(session, list, signal)
        : NOTHING;
      if (warning !== undefined && warning !== this.#readings.warnings.get(list)) {
        log.warn({ backend: this.backend.name, list, warning }, "a list is not read to its end");
      }
      isChanged = this.#readings.read(list, items, warning) || isChanged;
      this.health.slowLists.delete(list);
    } catch (error) {
      failure = error;
      if (isTimeout(error)) this.health.slowLists.add(list);
      await this.#orThrow(error, session, signal);
      const level = this.#readings.errors.has(list) ? "debug" : "warn";
      const about = { backend: this.backend.name, list, error };
      log[level](about, "a list cannot be read: it keeps its last items");
      this.#readings.failed(list, causeText(error));
    }
    signal.throwIfAborted();
    if (isChanged) this.#listing = this.#readings.listing(instructions);
    this.#retries.reset();
    this.#lastAnswerMs = clock.now();
    this.health.isUnauthenticated = false;
    this.#become("up", undefined, session.record.protocol);
    if (isChanged) this.#parts.onChange();
    return failure === undefined;
  }

  #readInTurn(session: UpstreamSession, list: ListName, signal: AbortSignal): Promise<ListRead> {
    const { limits, turns, room } = this.#parts;
    const ofList = this.#rooms.get(list) ?? room.open();
    this.#rooms.set(list, ofList);
    return turns.run(() => {
      signal.throwIfAborted();
      return readList(session, list, limits, this.#withTimeout(signal), ofList);
    });
  }

  /** Asks for a sign of life at an even pace. */
  async #watch(session: UpstreamSession, signal: AbortSignal): Promise<never> {
    for (;;) {
      await clock.sleep(this.#parts.health.intervalSeconds * 1000, { signal });
      await this.#ping(session, signal);
    }
  }

  async #ping(session: UpstreamSession, signal: AbortSignal): Promise<void> {
    const ping = ownRequest("ping", {});
    const { text, answer } = await session.request(ping, "probe", this.#withTimeout(signal));
    if (text === undefined) throw refused(session.backend, answer);
    this.#lastAnswerMs = clock.now();
  }

  /** One thing failed: only that, where the backend still answers in this session. Otherwise throws the failure. */
  async #orThrow(failure: unknown, session: UpstreamSession, signal: AbortSignal): Promise<void> {
    if (signal.aborted) throw failure;
    try {
      await this.#ping(session, signal);
    } catch {
      throw failure;
    }
  }

  #fail(error: unknown): void {
    const { health, log, onChange } = this.#parts;
    const silentMs = clock.now() - this.#lastAnswerMs;
    const patienceMs = health.unhealthyThreshold * health.intervalSeconds * 1000;
    if (this.#listing !== undefined && silentMs >= patienceMs) {
      this.#forget();
    }
    const failures = this.#retries.attempts + 1;
    const level = failures === 1 ? "warn" : "debug";
    log[level]({ backend: this.backend.name, failures, error }, "backend fails");
    this.health.isUnauthenticated = isUnauthenticated(error);
    this.#become(this.#listing === undefined ? "down" : "failing", causeText(error));
    onChange();
  }

  #become(state: BackendState, error?: string, protocol?: string): void {
    if (!this.health.become(state, error, protocol)) return;
    this.#parts.log.info({ backend: this.backend.name, state }, "backend state");
  }

  #withTimeout(
    signal?: AbortSignal,
    seconds: number = this.#parts.health.timeoutSeconds,
  ): AbortSignal {
    const timeout = clock.timeout(seconds * 1000);
    return signal === undefined ? timeout : AbortSignal.any([signal, timeout]);
  }
}

function isTimeout(error: unknown): boolean {
  return error instanceof Error && error.name === "TimeoutError";
}

function isUnauthenticated(error: unknown): boolean {
  if (!(error instanceof FleetError) || error.code !== "BACKEND_REFUSED") return false;
  return error.data.httpStatus === 401 || error.data.httpStatus === 403;
}

/** Whether a server said of a list that it tells when the list changes. */
function announces(capability: unknown): boolean {
  return isObject(capability) && capability.listChanged === true;
}
