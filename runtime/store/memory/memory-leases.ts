import type { LeaseStore } from "../../fleet/lease-store.ts";
import type { MemoryRecords } from "./memory-records.ts";

interface Lease {
  readonly holder: string;
  readonly endsAtMs: number;
}

/** Leases in memory. */
export class MemoryLeases implements LeaseStore {
  readonly #records: MemoryRecords;
  readonly #leases = new Map<string, Map<string, Lease>>();

  constructor(records: MemoryRecords) {
    this.#records = records;
  }

  async take(key: string, purpose: string, holder: string, ttlMs: number): Promise<boolean> {
    if (this.#records.live(key) === undefined) return false;
    const now = this.#records.now();
    const leases = this.#leases.get(key) ?? new Map<string, Lease>();
    const present = leases.get(purpose);
    if (present !== undefined && present.holder !== holder && present.endsAtMs > now) return false;
    leases.set(purpose, { holder, endsAtMs: now + ttlMs });
    this.#leases.set(key, leases);
    return true;
  }

  async release(key: string, purpose: string, holder: string): Promise<void> {
    const leases = this.#leases.get(key);
    if (leases?.get(purpose)?.holder !== holder) return;
    leases.delete(purpose);
    if (leases.size === 0) this.#leases.delete(key);
  }

  async holder(key: string, purpose: string): Promise<string | undefined> {
    const present = this.#leases.get(key)?.get(purpose);
    if (present === undefined || present.endsAtMs <= this.#records.now()) return undefined;
    return present.holder;
  }

  async isTaken(key: string, purposePrefix: string): Promise<boolean> {
    const now = this.#records.now();
    const leases = [...(this.#leases.get(key) ?? [])];
    return leases.some(([purpose, one]) => purpose.startsWith(purposePrefix) && one.endsAtMs > now);
  }

  /** The session has ended. */
  forget(key: string): void {
    this.#leases.delete(key);
  }

  clear(): void {
    this.#leases.clear();
  }
}
