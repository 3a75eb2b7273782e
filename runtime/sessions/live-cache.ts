import { AddressCounts } from "./address-counts.ts";
import type { LiveSession } from "./live-session.ts";

/**
 * The sessions that this process holds in memory, by id. A session with a request in flight is out of the
 * LRU's reach; an evicted one is rebuilt from its record at the next request.
 */
export class LiveCache {
  /** Of the sessions in it, by the address that opened them. */
  readonly held = new AddressCounts();
  readonly #maxIdle: number;
  readonly #onEvict: () => void;
  /**
   * The one that was used longest ago first. A session leaves it and comes back at every call: an LRUCache clears all of
   * its places where its only entry leaves, and the calls of a single client would pay for that.
   */
  readonly #idle = new Map<string, LiveSession>();
  readonly #busy = new Map<string, { readonly session: LiveSession; requests: number }>();
  readonly #idsByKey = new Map<string, string>();

  constructor(maxEntries: number, onEvict: () => void) {
    this.#maxIdle = maxEntries;
    this.#onEvict = onEvict;
  }

  get size(): number {
    return this.#idle.size + this.#busy.size;
  }

  get busy(): number {
    return this.#busy.size;
  }

  get(id: string): LiveSession | undefined {
    const busy = this.#busy.get(id)?.session;
    if (busy !== undefined) return busy;
    const idle = this.#idle.get(id);
    if (idle !== undefined) this.#rest(idle);
    return idle;
  }

  byKey(key: string): LiveSession | undefined {
    const id = this.#idsByKey.get(key);
    return id === undefined ? undefined : this.get(id);
  }

  add(session: LiveSession): void {
    this.#note(session);
    this.#rest(session);
  }

  delete(session: LiveSession): void {
    this.#forget(session);
    this.#busy.delete(session.id);
    this.#idle.delete(session.id);
  }

  /**
   * Keeps the session from eviction until as many `release`s follow. Answers the one object that stands for it:
   * another one, where it was evicted and rebuilt since the caller found it.
   */
  hold(session: LiveSession): LiveSession {
    const held = this.#busy.get(session.id);
    if (held !== undefined) {
      held.requests += 1;
      return held.session;
    }
    const current = this.#idle.get(session.id) ?? session;
    this.#busy.set(current.id, { session: current, requests: 1 });
    this.#note(current);
    this.#idle.delete(current.id);
    return current;
  }

  release(session: LiveSession): void {
    const held = this.#busy.get(session.id);
    if (held === undefined) return;
    held.requests -= 1;
    if (held.requests > 0) return;
    this.#busy.delete(session.id);
    this.#rest(session);
  }

  /** Those with a request in flight. */
  *busySessions(): Generator<LiveSession> {
    for (const { session } of this.#busy.values()) yield session;
  }

  *sessions(): Generator<LiveSession> {
    yield* this.busySessions();
    yield* this.#idle.values();
  }

  clear(): void {
    this.#busy.clear();
    this.#idle.clear();
    this.#idsByKey.clear();
    this.held.clear();
  }

  /** Is the one that was used last; the one that was used longest ago gives way. */
  #rest(session: LiveSession): void {
    this.#idle.delete(session.id);
    this.#idle.set(session.id, session);
    if (this.#idle.size <= this.#maxIdle) return;
    const [oldest] = this.#idle.values();
    if (oldest === undefined) return;
    this.#idle.delete(oldest.id);
    this.#forget(oldest);
    this.#onEvict();
  }

  #note({ key, id, address }: LiveSession): void {
    if (!this.#idsByKey.has(key)) this.held.add(address);
    this.#idsByKey.set(key, id);
  }

  #forget({ key, address }: LiveSession): void {
    if (this.#idsByKey.delete(key)) this.held.delete(address);
  }
}
