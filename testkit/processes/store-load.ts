import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { RedisStore } from "../../runtime/store/redis/redis-store.ts";
import { FleetError } from "../../runtime/wire/fleet-error.ts";
import { sessionRecord } from "./session-record.ts";
import { until } from "./until.ts";

const caps = { maxSessions: 1_000_000 };
const ASKED_AT_ONCE = 100;

/** Clients that open sessions and end every second one, and what the store has confirmed to them. */
export class StoreLoad {
  readonly created = new Set<string>();
  readonly ended = new Set<string>();
  readonly refusals: FleetError[] = [];
  readonly #store: RedisStore;
  readonly #workers: Promise<void>[];
  #stopped = false;

  /** @param clients how many there are at once. */
  constructor(store: RedisStore, clients = 8) {
    this.#store = store;
    this.#workers = Array.from({ length: clients }, () => this.#work());
  }

  /** Resolves when all that is under way is answered. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#workers);
  }

  /** How many confirmed sessions are not there any more, and how many confirmed ends are undone. */
  async lost(): Promise<{ readonly sessions: number; readonly ends: number }> {
    const there = async (keys: ReadonlySet<string>) => {
      const all = [...keys];
      let found = 0;
      // That there is none is confirmed by a replica, one after the other.
      for (let from = 0; from < all.length; from += ASKED_AT_ONCE) {
        const some = all.slice(from, from + ASKED_AT_ONCE);
        const known = await Promise.all(some.map((key) => this.#isThere(key)));
        found += known.filter(Boolean).length;
      }
      return found;
    };
    return {
      sessions: this.created.size - (await there(this.created)),
      ends: await there(this.ended),
    };
  }

  /** A store that is unavailable knows nothing of it: connections, and a replica that confirms, may be back later. */
  async #isThere(key: string): Promise<boolean> {
    let isThere = false;
    await until("a store that answers", async () => {
      const record = await this.#store.sessions.load(key).catch((error: unknown) => {
        if (!(error instanceof FleetError) || error.code !== "STORE_UNAVAILABLE") throw error;
        return error;
      });
      isThere = record !== undefined;
      return !(record instanceof FleetError);
    });
    return isThere;
  }

  async #work(): Promise<void> {
    for (let turn = 0; !this.#stopped; turn += 1) {
      const key = randomUUID();
      const record = sessionRecord(key, { expiresAtMs: Date.now() + 600_000 });
      const created = await this.#try(() => this.#store.sessions.create(record, caps));
      if (created === undefined) continue;
      this.created.add(key);
      if (turn % 2 === 0) continue;
      // Refused is not undone: whether such a session is still there is not known.
      this.created.delete(key);
      if ((await this.#try(() => this.#store.sessions.end(sessionRecord(key)))) !== undefined)
        this.ended.add(key);
    }
  }

  async #try<T>(work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof FleetError)) throw error;
      this.refusals.push(error);
      // Once it refuses at once, asking again without a pause would leave the process no time to reconnect.
      await delay(20);
      return undefined;
    }
  }
}
