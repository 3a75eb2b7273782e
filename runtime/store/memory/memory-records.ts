import type { FleetChange } from "../../fleet/fleet-bus.ts";
import type { SessionRecord } from "../../sessions/session-record.ts";

/** What the parts of a store in memory have in common: the records, who hears of changes, and the time. */
export class MemoryRecords {
  readonly now: () => number;
  readonly #records = new Map<string, SessionRecord>();
  readonly #listeners = new Set<(change: FleetChange) => void>();

  constructor(now: () => number) {
    this.now = now;
  }

  get size(): number {
    return this.#records.size;
  }

  /** A record that has not expired. */
  live(key: string): SessionRecord | undefined {
    const record = this.#records.get(key);
    return record !== undefined && record.expiresAtMs > this.now() ? record : undefined;
  }

  /** All of them, expired ones too. */
  all(): Iterable<SessionRecord> {
    return this.#records.values();
  }

  set(record: SessionRecord): void {
    this.#records.set(record.key, record);
  }

  delete(key: string): void {
    this.#records.delete(key);
  }

  tell(change: FleetChange): void {
    for (const listener of this.#listeners) listener(change);
  }

  watch(listener: (change: FleetChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  clear(): void {
    this.#records.clear();
    this.#listeners.clear();
  }
}
