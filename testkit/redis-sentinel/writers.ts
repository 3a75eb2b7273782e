import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";

import type { RedisSettings } from "@mcp-fleet/contract/settings";
import { RedisConnection } from "../../runtime/store/redis/redis-connection.ts";
import type { RedisStore } from "../../runtime/store/redis/redis-store.ts";
import { FleetError } from "../../runtime/wire/fleet-error.ts";
import { openStore } from "../processes/redis-store.ts";
import { sessionRecord } from "../processes/session-record.ts";
import { log } from "../processes/test-log.ts";

const CAPS = { maxSessions: 1_000_000 };
const KEYS_PER_LOOK = 500;
/** Once the store refuses at once, asking again without a pause would leave no time to reconnect. */
const PAUSE_MS = 20;

/** Gateways that write without pause, and what the store has acknowledged to them. */
export class Writers {
  /** Sessions that were created: a replica has confirmed them. */
  readonly sessions = new Set<string>();
  /** Plain writes: the master has acknowledged them. */
  readonly plain = new Set<string>();
  readonly errors: unknown[] = [];
  readonly #prefix: string;
  readonly #store: RedisStore;
  readonly #connection: RedisConnection;
  readonly #working: readonly Promise<void>[];
  #isStopped = false;

  private constructor(settings: RedisSettings, store: RedisStore) {
    this.#prefix = settings.keyPrefix;
    this.#store = store;
    this.#connection = new RedisConnection({ settings, log });
    this.#working = [
      ...Array.from({ length: 4 }, () => this.#work(this.sessions, () => this.#create())),
      ...Array.from({ length: 4 }, () => this.#work(this.plain, () => this.#set())),
    ];
  }

  static async start(settings: RedisSettings): Promise<Writers> {
    return new Writers(settings, await openStore(settings));
  }

  /** Everything that was acknowledged. */
  get acknowledged(): number {
    return this.sessions.size + this.plain.size;
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await Promise.all(this.#working);
  }

  /** How many of what was acknowledged the present master does not have. */
  async lost(): Promise<{ readonly sessions: number; readonly plain: number }> {
    return { sessions: await this.#missing(this.sessions), plain: await this.#missing(this.plain) };
  }

  async close(): Promise<void> {
    await this.stop();
    this.#connection.close();
    await this.#store.close();
  }

  async #work(acknowledged: Set<string>, write: () => Promise<string>): Promise<void> {
    while (!this.#isStopped) {
      try {
        acknowledged.add(await write());
      } catch (error) {
        if (!(error instanceof FleetError && error.code === "STORE_UNAVAILABLE")) {
          this.errors.push(error);
        }
        await delay(PAUSE_MS);
      }
    }
  }

  async #create(): Promise<string> {
    const key = randomUUID();
    await this.#store.sessions.create(
      sessionRecord(key, { expiresAtMs: Date.now() + 600_000 }),
      CAPS,
    );
    return `${this.#prefix}session:${key}`;
  }

  async #set(): Promise<string> {
    const key = `${this.#prefix}plain:${randomUUID()}`;
    await this.#connection.run((client) => client.set(key, "1"));
    return key;
  }

  async #missing(keys: ReadonlySet<string>): Promise<number> {
    const all = [...keys];
    let found = 0;
    for (let at = 0; at < all.length; at += KEYS_PER_LOOK) {
      const some = all.slice(at, at + KEYS_PER_LOOK);
      found += await this.#connection.run((client) => client.exists(...some));
    }
    return all.length - found;
  }
}
