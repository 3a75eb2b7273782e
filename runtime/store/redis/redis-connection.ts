import type { RedisSettings } from "@mcp-fleet/contract/settings";
import { Redis } from "ioredis";
import type { Logger } from "pino";
import { clock, type Timer } from "../../platform/clock.ts";
import { random } from "../../platform/random.ts";
import { newClient, type RedisClient } from "./redis-client.ts";
import { RedisKeys } from "./redis-keys.ts";
import { COMMAND_TIMEOUT_MS, readSecrets } from "./redis-options.ts";
import { isPassing, isRedirection, NoAnswer, NoReplicas, unavailable } from "./redis-reply.ts";

/**
 * The longest that anybody waits for the store, retries included: longer than a planned fail-over (1.4 s) and
 * the restart of a container (2.3 s) take, shorter than a client's patience.
 */
export const BUDGET_MS = 2_500;

/** Who waits for a store that is away is refused at once beyond this many: they would all come back together. */
const MAX_WAITING = 1_000;

/** A client that has ended, which only a failed connection attempt can do to it, is started again after this. */
const REVIVE_MS = 200;

/** How often a connection is tried out. */
const HEARTBEAT_MS = 1_000;

/** How long a cluster may take to connect before a new attempt is made: nodes are asked one after the other. */
const STUCK_MS = 10_000;

/** How often at most the master is looked up again because it has no replicas. */
const LOOK_UP_MS = 1_000;

/** The same in a cluster, whose nodes are asked on connections of their own. */
const CLUSTER_LOOK_UP_MS = 100;

export interface RedisConnectionOptions {
  readonly settings: RedisSettings;
  readonly log: Logger;
}

/** A connection that comes back by itself, and the patience of those who use it. In a cluster, one to each node that is used. */
export class RedisConnection {
  readonly #settings: RedisSettings;
  readonly #log: Logger;
  #client: RedisClient;
  #openedAtMs = clock.monotonicMs();
  /** When the last attempt that nothing has succeeded after failed; undefined while all is well. */
  #downSinceMs: number | undefined;
  /** Why it is so. */
  #downBecause: unknown;
  /** Those that wait for a connection. */
  readonly #waiting = new Set<() => void>();
  #lookedUpAtMs = Number.NEGATIVE_INFINITY;
  readonly #heartbeat: Timer;
  #closed = false;

  constructor({ settings, log }: RedisConnectionOptions) {
    this.#settings = settings;
    this.#log = log;
    this.#client = this.#open();
    this.#heartbeat = clock.every(HEARTBEAT_MS, () => this.#beat()).unref();
    this.#connect();
  }

  /**
   * Does something at the store, again where the store was not ready for it, within the budget. `attempt` must be
   * safe to repeat.
   *
   * @throws STORE_UNAVAILABLE; STORE_FULL for what would make a full store hold more.
   */
  async run<T>(attempt: (client: RedisClient) => Promise<T>): Promise<T> {
    const isDown = this.#isDown();
    const deadlineMs = clock.monotonicMs() + (isDown ? COMMAND_TIMEOUT_MS : BUDGET_MS);
    for (;;) {
      try {
        if (this.#client.status !== "ready") await this.#untilReady(isDown ? 0 : deadlineMs);
        const answer = await withDeadline(deadlineMs, attempt(this.#client));
        this.#succeeded();
        return answer;
      } catch (error) {
        const pauseMs = 25 + random.fraction() * 50;
        const isLast = isDown || clock.monotonicMs() + pauseMs >= deadlineMs || this.#closed;
        const passes = isPassing(error) || (this.#isCluster && isRedirection(error));
        if (passes) this.#failed(error);
        if (error instanceof NoReplicas || (passes && this.#isCluster)) this.#lookUpAgain();
        if (isLast || !passes) throw unavailable(error);
        await clock.sleep(pauseMs);
      }
    }
  }

  /** What is asked now; it may be another one later. */
  get client(): RedisClient {
    return this.#client;
  }

  close(): void {
    this.#closed = true;
    clock.clear(this.#heartbeat);
    this.#client.disconnect();
  }

  get #isCluster(): boolean {
    return this.#settings.cluster !== undefined;
  }

  /** A store that has been away for longer than the budget is not waited for. */
  #isDown(): boolean {
    return this.#downSinceMs !== undefined && clock.monotonicMs() - this.#downSinceMs > BUDGET_MS;
  }

  async #untilReady(deadlineMs: number): Promise<void> {
    const waitMs = deadlineMs - clock.monotonicMs();
    if (waitMs <= 0 || this.#closed || this.#waiting.size >= MAX_WAITING) {
      throw new NoAnswer(this.#downBecause);
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.add(resolve);
    try {
      await withDeadline(deadlineMs, promise, () => this.#downBecause);
    } finally {
      this.#waiting.delete(resolve);
    }
  }

  /** A server that hangs, or was replaced while it hung, is noticed although nobody asks it anything. */
  #beat(): void {
    const client = this.#client;
    if (client instanceof Redis) {
      if (client.status === "ready") client.ping().catch((error: unknown) => this.#failed(error));
      return;
    }
    if (client.status !== "ready") {
      this.#startAfresh(client, STUCK_MS);
      return;
    }
    // The node that has our keys, and no other.
    const asked = client.exists(new RedisKeys(this.#settings.keyPrefix).probe);
    asked.then(
      () => this.#succeeded(),
      (error: unknown) => {
        this.#failed(error);
        this.#startAfresh(client, BUDGET_MS);
      },
    );
  }

  /**
   * A cluster that has not answered for long may have other nodes, addresses, passwords and certificates by now: all
   * that is known of it is dropped, with its client, which does not always say that it has ended.
   */
  #startAfresh(client: RedisClient, afterMs: number): void {
    const isOld = clock.monotonicMs() - this.#openedAtMs > afterMs;
    if (this.#closed || client !== this.#client || !isOld || !this.#isDown()) return;
    this.#replace();
    if (client === this.#client) return;
    client.disconnect();
    this.#connect();
  }

  #replace(): void {
    this.#withSecrets(() => {
      this.#client = this.#open();
    });
  }

  /** A server without replicas is perhaps no master any more, and a node of a cluster perhaps not that of our keys. */
  #lookUpAgain(): void {
    const client = this.#client;
    const everyMs = client instanceof Redis ? LOOK_UP_MS : CLUSTER_LOOK_UP_MS;
    if (this.#closed || clock.monotonicMs() - this.#lookedUpAtMs < everyMs) return;
    this.#lookedUpAtMs = clock.monotonicMs();
    if (client instanceof Redis) client.disconnect(true);
    else if (client.status === "ready") client.refreshSlotsCache();
  }

  #open(): RedisClient {
    const client = newClient(this.#settings, (one) => this.#refresh(one));
    const ifCurrent = (work: () => void) => () => {
      if (client === this.#client) work();
    };
    client.setMaxListeners(0);
    client.on("error", (error: Error) => this.#failed(error));
    client.on("close", () => this.#failed(new Error("the connection is closed")));
    client.on("ready", () => {
      // In a cluster, it says only that some node has named the others.
      if (client instanceof Redis) this.#succeeded();
      for (const wake of this.#waiting) wake();
    });
    client.on(
      "end",
      ifCurrent(() => this.#revive()),
    );
    this.#openedAtMs = clock.monotonicMs();
    return client;
  }

  #connect(): void {
    // What fails here is said in the error event, too.
    this.#client.connect().catch(() => {});
  }

  #revive(): void {
    if (this.#closed) return;
    clock
      .after(REVIVE_MS, () => {
        if (this.#closed) return;
        if (this.#isCluster) this.#replace();
        this.#connect();
      })
      .unref();
  }

  #refresh(client: Redis): void {
    this.#withSecrets(() => Object.assign(client.options, readSecrets(this.#settings)));
  }

  /** Where files are not readable just now, what was read before has to do. */
  #withSecrets(read: () => unknown): void {
    try {
      read();
    } catch (error) {
      this.#log.warn({ error }, "a password file of the session store cannot be read");
    }
  }

  #failed(error: unknown): void {
    if (this.#closed) return;
    this.#downBecause ??= error;
    if (this.#downSinceMs !== undefined) return;
    this.#downSinceMs = clock.monotonicMs();
    this.#log.warn({ error }, "the session store does not answer");
  }

  #succeeded(): void {
    if (this.#downSinceMs === undefined) return;
    this.#downSinceMs = undefined;
    this.#downBecause = undefined;
    this.#log.info("the session store answers again");
  }
}

/** Settles as the promise does, or fails at the deadline. */
async function withDeadline<T>(
  deadlineMs: number,
  promise: Promise<T>,
  because: () => unknown = () => undefined,
): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const waitMs = Math.max(deadlineMs - clock.monotonicMs(), 0);
  const timer = clock.after(waitMs, () => reject(new NoAnswer(because())));
  try {
    return await Promise.race([promise, late]);
  } finally {
    clock.clear(timer);
  }
}
