import type { Logger } from "pino";
import { Backoff } from "../platform/backoff.ts";
import { clock, type Timer } from "../platform/clock.ts";
import { type BackendSet, backendSet, type SetLimits, type SourceView } from "./backend-set.ts";
import { ClusterError } from "./cluster.ts";
import type { ConfigMap, Published } from "./config-map.ts";
import type { DiscoverMetrics } from "./discover-metrics.ts";
import type { PublishedEntry } from "./published-entry.ts";
import type { Source, SourceState } from "./source.ts";

/** One change of a person is several of objects: they are waited for. */
const SETTLE_MS = 1_000;

/** Somebody else may have changed the ConfigMap, which is not watched. */
const REPAIR_MS = 60_000;

/** A kind that had backends and has none must still have none after this: kinds that are being deleted lose their objects first. */
const EMPTY_MS = 30_000;

const PAUSES = { firstMs: 1_000, maxMs: 30_000 };

export interface DiscovererParts {
  readonly sources: readonly Source[];
  readonly configMap: ConfigMap;
  readonly limits: Omit<SetLimits, "foreign">;
  readonly metrics: DiscoverMetrics;
  readonly log: Logger;
  /** Times, for tests. Default: those above. */
  readonly times?: {
    readonly settleMs: number;
    readonly emptyMs: number;
    readonly repairMs: number;
  };
}

/** What `/status` says. */
export interface DiscoverStatus {
  readonly configMap: string;
  readonly sources: readonly {
    readonly source: string;
    readonly state: SourceState;
    readonly reason?: string;
  }[];
  readonly backends: readonly { readonly name: string; readonly object: string }[];
  readonly leftOut: readonly { readonly object: string; readonly reason: string }[];
  /** What keeps the set from following the cluster right now. */
  readonly held: readonly string[];
}

/** Keeps a ConfigMap at the backends that the cluster has. */
export class Discoverer {
  readonly #parts: DiscovererParts;
  readonly #times: NonNullable<DiscovererParts["times"]>;
  readonly #backoff = new Backoff(PAUSES);
  /** Since when a source has had no objects, though it has backends. */
  readonly #emptySince = new Map<string, number>();
  /** Those of them that are still given time. */
  readonly #emptied = new Set<string>();
  #set: BackendSet = { entries: new Map(), leftOut: new Map(), isKeptWhole: false };
  #notReady: string | undefined = "the cluster has not been read yet";
  #fault: string | undefined;
  #timer: Timer | undefined;
  #dueMs = Number.POSITIVE_INFINITY;
  #looking: Promise<void> | undefined;
  #isStopped = false;

  constructor(parts: DiscovererParts) {
    this.#parts = parts;
    this.#times = parts.times ?? { settleMs: SETTLE_MS, emptyMs: EMPTY_MS, repairMs: REPAIR_MS };
  }

  /** Why it has published nothing yet; undefined since it has. */
  notReady(): string | undefined {
    return this.#notReady;
  }

  /** Something of a source has changed. */
  readonly changed = (): void => this.#lookIn(this.#times.settleMs);

  start(): void {
    for (const source of this.#parts.sources) source.start();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    clock.clear(this.#timer);
    await Promise.all(this.#parts.sources.map((source) => source.stop()));
    await this.#looking;
  }

  status(): DiscoverStatus {
    const { sources, configMap } = this.#parts;
    const { entries, leftOut } = this.#set;
    return {
      configMap: configMap.title,
      sources: sources.map(({ key, state, reason }) => ({
        source: key,
        state,
        ...(reason !== undefined && { reason }),
      })),
      backends: [...entries].map(([name, { object }]) => ({ name, object })),
      leftOut: [...leftOut].map(([object, reason]) => ({ object, reason })),
      held: this.#held(),
    };
  }

  /** What would be published now, without publishing it, and what cannot be read. @throws {ClusterError} */
  async preview(): Promise<BackendSet & { readonly unread: readonly string[] }> {
    const { sources, configMap, limits } = this.#parts;
    const views: SourceView[] = [];
    for (const source of sources) {
      views.push({ key: source.key, kind: source.kind, objects: await source.ask() });
    }
    const published = await configMap.read();
    const set = backendSet(views, published.entries, { ...limits, foreign: published.foreign });
    return { ...set, unread: views.filter(({ objects }) => !objects).map(({ key }) => key) };
  }

  #held(): string[] {
    const { sources } = this.#parts;
    const unread = sources
      .filter(({ key, state }) => state !== "watching" && this.#hasBackends(key))
      .map(
        ({ key, reason }) => `${key} cannot be read (${reason ?? "not yet"}): its backends stay`,
      );
    const emptied = [...this.#emptied].map(
      (key) => `${key} has lost all objects: its backends stay until that is confirmed`,
    );
    return [
      ...(this.#fault === undefined ? [] : [this.#fault]),
      ...unread,
      ...emptied,
      ...(this.#set.isKeptWhole ? ["no backend would be left: the last ones stay"] : []),
    ];
  }

  #hasBackends(key: string): boolean {
    return [...this.#set.entries.values()].some(({ source }) => source === key);
  }

  #lookIn(milliseconds: number): void {
    if (this.#isStopped) return;
    const dueMs = clock.monotonicMs() + milliseconds;
    if (dueMs >= this.#dueMs) return;
    clock.clear(this.#timer);
    this.#dueMs = dueMs;
    this.#timer = clock.after(milliseconds, () => {
      this.#dueMs = Number.POSITIVE_INFINITY;
      // One look after the other: what changes during one is seen by the next.
      this.#looking = (this.#looking ?? Promise.resolve()).then(() => this.#look());
    });
  }

  async #look(): Promise<void> {
    if (this.#isStopped) return;
    const { sources, metrics, log, configMap } = this.#parts;
    // What has not been read yet would look as if it were gone.
    if (sources.some(({ state }) => state === "reading")) return this.#lookIn(this.#times.settleMs);
    try {
      await this.#publish();
      this.#fault = undefined;
      this.#notReady = undefined;
      this.#backoff.reset();
      this.#lookIn(this.#times.repairMs);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#fault = `the ConfigMap ${configMap.title} cannot be read or written: ${reason}`;
      this.#notReady &&= this.#fault;
      metrics.writeErrors.inc();
      const isRace = error instanceof ClusterError && error.status === 409;
      if (!isRace) log.error({ error }, "the ConfigMap cannot be read or written");
      this.#lookIn(this.#backoff.nextMs());
    }
    this.#measure();
  }

  async #publish(): Promise<void> {
    const { sources, configMap, limits } = this.#parts;
    const published = await configMap.read();
    const bounds = { ...limits, foreign: published.foreign };
    const seen = sources.map(({ key, kind, objects }) => ({ key, kind, objects }));
    const first = this.#decide(seen, published, bounds);
    // Whoever lost a backend is asked once more, so that none leaves because a watch is behind.
    const losers = new Set(
      [...published.entries]
        .filter(([name, { object }]) => first.entries.get(name)?.object !== object)
        .map(([, { source }]) => source),
    );
    const views: SourceView[] = [];
    for (const [index, source] of sources.entries()) {
      const view = seen[index];
      if (view === undefined) continue;
      const isAsked = losers.has(source.key) && view.objects !== undefined;
      views.push(isAsked ? { ...view, objects: await source.ask() } : view);
    }
    const set = losers.size === 0 ? first : this.#decide(views, published, bounds);
    if (!holdsSame(set.entries, published.entries)) await configMap.write(set.entries, published);
    this.#tell(set, published);
    this.#set = set;
  }

  #decide(views: readonly SourceView[], published: Published, limits: SetLimits): BackendSet {
    const patient = views.map((view) =>
      this.#isSuddenlyEmpty(view, published) ? { ...view, objects: undefined } : view,
    );
    return backendSet(patient, published.entries, limits);
  }

  #isSuddenlyEmpty({ key, objects }: SourceView, { entries }: Published): boolean {
    const hadSome = [...entries.values()].some(({ source }) => source === key);
    this.#emptied.delete(key);
    if (objects === undefined || objects.length > 0 || !hadSome) {
      // An unreadable source is no answer: a count that has begun starts anew.
      this.#emptySince.delete(key);
      return false;
    }
    const nowMs = clock.monotonicMs();
    const since = this.#emptySince.get(key) ?? nowMs;
    this.#emptySince.set(key, since);
    const restMs = since + this.#times.emptyMs - nowMs;
    if (restMs <= 0) return false;
    this.#emptied.add(key);
    this.#lookIn(restMs);
    return true;
  }

  /** Says what is new, once. */
  #tell(set: BackendSet, published: Published): void {
    const { log, metrics } = this.#parts;
    for (const [name, { object, text }] of set.entries) {
      const before = published.entries.get(name);
      if (before === undefined) log.info({ backend: name, object }, "a backend is added");
      else if (before.text !== text) log.info({ backend: name, object }, "a backend has changed");
      if (before?.text !== text) metrics.changes.inc();
    }
    for (const [name, { object }] of published.entries) {
      if (set.entries.has(name)) continue;
      metrics.changes.inc();
      log.info({ backend: name, object }, "a backend is removed");
    }
    for (const [object, reason] of set.leftOut) {
      if (this.#set.leftOut.get(object) !== reason)
        log.warn({ object, reason }, "an object is left out");
    }
    if (set.isKeptWhole && !this.#set.isKeptWhole) {
      log.warn("no backend would be left: the last ones stay until there are others");
    }
  }

  #measure(): void {
    const { metrics, sources } = this.#parts;
    metrics.backends.set(this.#set.entries.size);
    metrics.leftOut.set(this.#set.leftOut.size);
    metrics.held.set(this.#held().length);
    for (const { key, state } of sources) {
      metrics.watching.set({ source: key }, state === "watching" ? 1 : 0);
    }
  }
}

function holdsSame(
  one: ReadonlyMap<string, PublishedEntry>,
  other: ReadonlyMap<string, PublishedEntry>,
): boolean {
  if (one.size !== other.size) return false;
  return [...one].every(([name, { text }]) => other.get(name)?.text === text);
}
