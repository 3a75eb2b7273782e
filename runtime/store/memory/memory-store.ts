import { clock } from "../../platform/clock.ts";
import { random } from "../../platform/random.ts";
import type { SessionRecord, Subscription, UpstreamRecord } from "../../sessions/session-record.ts";
import type {
  Creation,
  DrainingPod,
  SessionCaps,
  SessionChange,
  SessionStore,
} from "../../sessions/session-store.ts";

interface Lease {
  readonly holder: string;
  readonly endsAtMs: number;
}

/** The store of a single process: sessions end with it. Tests share one between gateways. */
export class MemoryStore implements SessionStore {
  readonly outlivesProcess = false;
  readonly silentMs = 0;
  readonly #records = new Map<string, SessionRecord>();
  readonly #keysByOwner = new Map<string, Set<string>>();
  readonly #leases = new Map<string, Map<string, Lease>>();
  /** The pod of each backend where a session is counted, by session and backend. */
  readonly #pins = new Map<string, Map<string, string>>();
  /** By their JSON text. */
  readonly #draining = new Map<string, DrainingPod>();
  readonly #listeners = new Set<(change: SessionChange) => void>();
  readonly #signingKey = random.bytes(32);
  readonly #now: () => number;

  constructor(now: () => number = () => clock.now()) {
    this.#now = now;
  }

  async create(record: SessionRecord, caps: SessionCaps): Promise<Creation> {
    const { maxSessions, maxPerOwner = Number.POSITIVE_INFINITY } = caps;
    if (this.#records.size >= maxSessions && this.#live() >= maxSessions) return "at-capacity";
    const owned = this.#keysByOwner.get(record.owner) ?? new Set();
    if (owned.size >= maxPerOwner && this.#liveOf(owned) >= maxPerOwner) return "owner-at-capacity";
    this.#records.set(record.key, record);
    this.#keysByOwner.set(record.owner, owned.add(record.key));
    return "created";
  }

  async load(key: string): Promise<SessionRecord | undefined> {
    return this.#find(key);
  }

  async touch(key: string, expiresAtMs: number): Promise<boolean> {
    const record = this.#find(key);
    if (record === undefined) return false;
    const latest = record.lifetimeEndsAtMs ?? Number.POSITIVE_INFINITY;
    const expiry = Math.max(record.expiresAtMs, Math.min(expiresAtMs, latest));
    this.#records.set(key, { ...record, expiresAtMs: expiry });
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
    key: string,
    backend: string,
    upstream: UpstreamRecord,
  ): Promise<SessionRecord | undefined> {
    const present = this.#find(key)?.upstreams[backend];
    if (present !== undefined && !supersedes(upstream, present)) return this.#find(key);
    if (upstream.lost === true) this.#pins.get(key)?.delete(backend);
    else if (upstream.pod !== undefined) this.#pinTo(key, backend, upstream.pod);
    return this.#change(key, (record) => ({
      ...record,
      upstreams: { ...record.upstreams, [backend]: upstream },
    }));
  }

  async pin(key: string, backend: string, pods: readonly string[]): Promise<string | undefined> {
    if (this.#find(key) === undefined) return undefined;
    const able = pods.filter((pod) => !this.#draining.has(textOf({ backend, pod })));
    const counts = able.map((pod) => this.#on(backend, pod).length);
    const pod = able[counts.indexOf(Math.min(...counts))];
    if (pod !== undefined) this.#pinTo(key, backend, pod);
    return pod;
  }

  async podSessions(backend: string, pods: readonly string[]): Promise<number[]> {
    return pods.map((pod) => this.#on(backend, pod).length);
  }

  async sessionsOn(backend: string, pod: string, limit: number): Promise<string[]> {
    return this.#on(backend, pod).slice(0, limit);
  }

  async setDraining(pod: DrainingPod, drains: boolean): Promise<void> {
    if (drains) this.#draining.set(textOf(pod), pod);
    else this.#draining.delete(textOf(pod));
    this.#tell({ kind: "drains" });
  }

  async draining(): Promise<readonly DrainingPod[]> {
    return [...this.#draining.values()];
  }

  async lease(key: string, purpose: string, holder: string, ttlMs: number): Promise<boolean> {
    if (this.#find(key) === undefined) return false;
    const leases = this.#leases.get(key) ?? new Map<string, Lease>();
    const present = leases.get(purpose);
    if (present !== undefined && present.holder !== holder && present.endsAtMs > this.#now()) {
      return false;
    }
    leases.set(purpose, { holder, endsAtMs: this.#now() + ttlMs });
    this.#leases.set(key, leases);
    return true;
  }

  async release(key: string, purpose: string, holder: string): Promise<void> {
    const leases = this.#leases.get(key);
    if (leases?.get(purpose)?.holder !== holder) return;
    leases.delete(purpose);
    if (leases.size === 0) this.#leases.delete(key);
  }

  async leased(key: string, purposePrefix: string): Promise<boolean> {
    const now = this.#now();
    const leases = [...(this.#leases.get(key) ?? [])];
    return leases.some(([purpose, one]) => purpose.startsWith(purposePrefix) && one.endsAtMs > now);
  }

  async listsChanged(view: string, backend: string): Promise<void> {
    this.#tell({ kind: "lists", view, backend });
  }

  async cancel(key: string, idText: string): Promise<void> {
    if (this.#find(key) !== undefined) this.#tell({ kind: "cancelled", key, idText });
  }

  async end(key: string): Promise<SessionRecord | undefined> {
    const record = this.#find(key);
    if (record === undefined) return undefined;
    this.#forget(record);
    return record;
  }

  async takeExpired(limit: number): Promise<SessionRecord[]> {
    const expired: SessionRecord[] = [];
    for (const record of this.#records.values()) {
      if (expired.length >= limit) break;
      if (record.expiresAtMs <= this.#now()) expired.push(record);
    }
    for (const record of expired) this.#forget(record);
    return expired;
  }

  async count(): Promise<number> {
    return this.#live();
  }

  async signingKey(): Promise<Buffer> {
    return this.#signingKey;
  }

  watch(listener: (change: SessionChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async close(): Promise<void> {
    this.#records.clear();
    this.#keysByOwner.clear();
    this.#leases.clear();
    this.#pins.clear();
    this.#draining.clear();
    this.#listeners.clear();
  }

  #live(): number {
    const now = this.#now();
    let live = 0;
    for (const record of this.#records.values()) if (record.expiresAtMs > now) live += 1;
    return live;
  }

  #liveOf(keys: ReadonlySet<string>): number {
    let live = 0;
    for (const key of keys) if (this.#find(key) !== undefined) live += 1;
    return live;
  }

  /** The live sessions that are counted at a pod. */
  #on(backend: string, pod: string): string[] {
    const keys: string[] = [];
    for (const [key, pins] of this.#pins) {
      if (pins.get(backend) === pod && this.#find(key) !== undefined) keys.push(key);
    }
    return keys;
  }

  #pinTo(key: string, backend: string, pod: string): void {
    const pins = this.#pins.get(key) ?? new Map<string, string>();
    this.#pins.set(key, pins.set(backend, pod));
  }

  #find(key: string): SessionRecord | undefined {
    const record = this.#records.get(key);
    return record !== undefined && record.expiresAtMs > this.#now() ? record : undefined;
  }

  #change(
    key: string,
    change: (record: SessionRecord) => SessionRecord,
  ): SessionRecord | undefined {
    const record = this.#find(key);
    if (record === undefined) return undefined;
    const changed = change(record);
    this.#records.set(key, changed);
    this.#tell({ kind: "changed", record: changed });
    return changed;
  }

  #forget({ key, owner }: SessionRecord): void {
    this.#records.delete(key);
    const owned = this.#keysByOwner.get(owner);
    owned?.delete(key);
    if (owned?.size === 0) this.#keysByOwner.delete(owner);
    this.#leases.delete(key);
    this.#pins.delete(key);
    this.#tell({ kind: "ended", key });
  }

  #tell(change: SessionChange): void {
    for (const listener of this.#listeners) listener(change);
  }
}

function textOf({ backend, pod }: DrainingPod): string {
  return JSON.stringify([backend, pod]);
}

function without(subscriptions: readonly Subscription[], gone: Subscription): Subscription[] {
  return subscriptions.filter(({ backend, uri }) => backend !== gone.backend || uri !== gone.uri);
}

/** Within an epoch one backend session is opened, told of, then lost; nothing goes back. */
function supersedes(next: UpstreamRecord, present: UpstreamRecord): boolean {
  if (next.epoch !== present.epoch) return next.epoch > present.epoch;
  return present.lost !== true && next.sessionId === present.sessionId;
}
