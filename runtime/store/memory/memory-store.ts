import type { SecretStore } from "../../fleet/secret-store.ts";
import { clock } from "../../platform/clock.ts";
import { random } from "../../platform/random.ts";
import type { Store } from "../store.ts";
import { MemoryBus } from "./memory-bus.ts";
import { MemoryLeases } from "./memory-leases.ts";
import { MemoryLimits } from "./memory-limits.ts";
import { MemoryPods } from "./memory-pods.ts";
import { MemoryRecords } from "./memory-records.ts";
import { MemorySessions } from "./memory-sessions.ts";
import { MemoryTurns } from "./memory-turns.ts";

/** The store of a single process: sessions end with it. Tests share one between gateways. */
export class MemoryStore implements Store {
  readonly outlivesProcess = false;
  readonly opened = Promise.resolve();
  readonly sessions: MemorySessions;
  readonly leases: MemoryLeases;
  readonly pods: MemoryPods;
  readonly bus: MemoryBus;
  readonly secrets: SecretStore;
  readonly turns: MemoryTurns;
  readonly limits: MemoryLimits;
  readonly #records: MemoryRecords;

  /** @param now milliseconds since 1970. Default: the clock of this process. */
  constructor(now: () => number = () => clock.now()) {
    const records = new MemoryRecords(now);
    const key = random.bytes(32);
    this.#records = records;
    this.leases = new MemoryLeases(records);
    this.pods = new MemoryPods(records);
    this.sessions = new MemorySessions(records, this.leases, this.pods);
    this.bus = new MemoryBus(records);
    this.turns = new MemoryTurns(now);
    this.limits = new MemoryLimits(now);
    this.secrets = { signingKey: async () => key };
  }

  async close(): Promise<void> {
    const parts = [this.#records, this.leases, this.pods, this.sessions, this.turns, this.limits];
    for (const part of parts) part.clear();
  }
}
