import type { SessionRecord, Subscription, UpstreamRecord } from "../../sessions/session-record.ts";
import type { Creation, SessionCaps, SessionStore } from "../../sessions/session-store.ts";
import type { MemoryLeases } from "./memory-leases.ts";
import type { MemoryPods } from "./memory-pods.ts";
import type { MemoryRecords } from "./memory-records.ts";

/** The records of sessions, in memory. */
export class MemorySessions implements SessionStore {
  readonly #records: MemoryRecords;
  readonly #leases: MemoryLeases;
  readonly #pods: MemoryPods;
  readonly #keysByOwner = new Map<string, Set<string>>();

  constructor(records: MemoryRecords, leases: MemoryLeases, pods: MemoryPods) {
    this.#records = records;
    this.#leases = leases;
    this.#pods = pods;
  }

  async create(record: SessionRecord, caps: SessionCaps): Promise<Creation> {
    const { maxSessions, maxPerOwner = Number.POSITIVE_INFINITY } = caps;
    if (this.#records.size >= maxSessions && this.#live() >= maxSessions) return "at-capacity";
    const owned = this.#keysByOwner.get(record.owner) ?? new Set();
    if (owned.size >= maxPerOwner && this.#liveOf(owned) >= maxPerOwner) return "owner-at-capacity";
    this.#records.set(record);
    this.#keysByOwner.set(record.owner, owned.add(record.key));
    return "created";
  }

  async load(key: string): Promise<SessionRecord | undefined> {
    return this.#records.live(key);
  }

  async touch({ key }: SessionRecord, expiresAtMs: number): Promise<boolean> {
    const record = this.#records.live(key);
    if (record === undefined) return false;
    const latest = record.lifetimeEndsAtMs ?? Number.POSITIVE_INFINITY;
    const expiry = Math.max(record.expiresAtMs, Math.min(expiresAtMs, latest));
    this.#records.set({ ...record, expiresAtMs: expiry });
    return true;
  }

  async setLogLevel(key: string, level: string): Promise<SessionRecord | undefined> {
    return this.#change(key, (record) => ({ ...record, logLevel: level }));
  }

  async subscribe(key: string, subscription: Subscription): Promise<SessionRecord | undefined> {
    return this.#change(key, (record) => ({
      ...record,
      subscriptions: [...without(record.subscriptions, subscription), subscription],
    }));
  }

  async unsubscribe(key: string, subscription: Subscription): Promise<SessionRecord | undefined> {
    return this.#change(key, (record) => ({
      ...record,
      subscriptions: without(record.subscriptions, subscription),
    }));
  }

  async setUpstream(
    { key }: SessionRecord,
    backend: string,
    upstream: UpstreamRecord,
  ): Promise<SessionRecord | undefined> {
    const present = this.#records.live(key)?.upstreams[backend];
    if (present !== undefined && !supersedes(upstream, present)) return this.#records.live(key);
    if (upstream.lost === true) this.#pods.unpin(key, backend);
    else if (upstream.pod !== undefined) this.#pods.pinTo(key, backend, upstream.pod);
    return this.#change(key, (record) => ({
      ...record,
      upstreams: { ...record.upstreams, [backend]: upstream },
    }));
  }

  async end({ key }: SessionRecord): Promise<SessionRecord | undefined> {
    const record = this.#records.live(key);
    if (record === undefined) return undefined;
    this.#forget(record);
    return record;
  }

  async takeExpired(limit: number): Promise<SessionRecord[]> {
    const now = this.#records.now();
    const expired: SessionRecord[] = [];
    for (const record of this.#records.all()) {
      if (expired.length >= limit) break;
      if (record.expiresAtMs <= now) expired.push(record);
    }
    for (const record of expired) this.#forget(record);
    return expired;
  }

  async use({ key }: SessionRecord): Promise<void> {
    const record = this.#records.live(key);
    if (record === undefined) return;
    const { unusedFrom: _, ...used } = record;
    this.#records.set(used);
  }

  async takeUnused(limit: number, minMs: number): Promise<SessionRecord[]> {
    const now = this.#records.now();
    const byAddress = new Map<string, SessionRecord[]>();
    for (const record of this.#records.all()) {
      const { unusedFrom, createdAtMs, expiresAtMs } = record;
      const mayEnd = createdAtMs <= now - minMs && expiresAtMs > now;
      if (unusedFrom === undefined || !mayEnd) continue;
      const unused = byAddress.get(unusedFrom) ?? [];
      unused.push(record);
      byAddress.set(unusedFrom, unused);
    }
    const [most = [], next = []] = [...byAddress.values()].sort((a, b) => b.length - a.length);
    const taken = most.slice(0, Math.min(limit, Math.max(1, most.length - next.length)));
    for (const record of taken) this.#forget(record);
    return taken;
  }

  async takeOwned(owner: string, limit: number): Promise<SessionRecord[]> {
    const keys = [...(this.#keysByOwner.get(owner) ?? [])];
    const live = keys.map((key) => this.#records.live(key)).filter((one) => one !== undefined);
    const taken = live.slice(0, limit);
    for (const record of taken) this.#forget(record);
    return taken;
  }

  async count(): Promise<number> {
    return this.#live();
  }

  clear(): void {
    this.#keysByOwner.clear();
  }

  #live(): number {
    const now = this.#records.now();
    let live = 0;
    for (const record of this.#records.all()) if (record.expiresAtMs > now) live += 1;
    return live;
  }

  #liveOf(keys: ReadonlySet<string>): number {
    let live = 0;
    for (const key of keys) if (this.#records.live(key) !== undefined) live += 1;
    return live;
  }

  #change(
    key: string,
    change: (record: SessionRecord) => SessionRecord,
  ): SessionRecord | undefined {
    const record = this.#records.live(key);
    if (record === undefined) return undefined;
    const changed = change(record);
    this.#records.set(changed);
    this.#records.tell({ kind: "changed", record: changed });
    return changed;
  }

  #forget({ key, owner }: SessionRecord): void {
    this.#records.delete(key);
    const owned = this.#keysByOwner.get(owner);
    owned?.delete(key);
    if (owned?.size === 0) this.#keysByOwner.delete(owner);
    this.#leases.forget(key);
    this.#pods.forget(key);
    this.#records.tell({ kind: "ended", key });
  }
}

function without(subscriptions: readonly Subscription[], gone: Subscription): Subscription[] {
  return subscriptions.filter(({ backend, uri }) => backend !== gone.backend || uri !== gone.uri);
}

/** Within an epoch one backend session is opened, acknowledged, then lost; nothing goes back. */
function supersedes(next: UpstreamRecord, present: UpstreamRecord): boolean {
  if (next.epoch !== present.epoch) return next.epoch > present.epoch;
  return present.lost !== true && next.sessionId === present.sessionId;
}
