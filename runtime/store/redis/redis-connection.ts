import type { RedisSettings } from "@mcp-fleet/contract/settings";
import { Redis } from "ioredis";
import type { Logger } from "pino";
import { clock, type Timer } from "../../platform/clock.ts";
import { random } from "../../platform/random.ts";
import { FleetError } from "../../wire/fleet-error.ts";
import { COMMAND_TIMEOUT_MS, readSecrets, redisOptions } from "./redis-options.ts";
import { isPassing, NoAnswer, NoReplicas, replyCode } from "./redis-reply.ts";

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

/** How often at most the master is looked up again because it has no replicas. */
const LOOK_UP_MS = 1_000;

export interface RedisConnectionOptions {
  readonly settings: RedisSettings;
  readonly log: Logger;
}

/** A connection that comes back by itself, and the patience of those who use it. */
export class RedisConnection {
  readonly #client: Redis;
  readonly #log: Logger;
  /** When the last attempt that nothing has succeeded after failed; undefined while all is well. */
  #downSinceMs: number | undefined;
  #waiting = 0;
  #lookedUpAtMs = Number.NEGATIVE_INFINITY;
  readonly #heartbeat: Timer;
  #closed = false;

  constructor({ settings, log }: RedisConnectionOptions) {
    this.#log = log;
    const options = redisOptions(settings);
    this.#client = new Redis({
      ...options,
      ...readSecrets(settings),
      retryStrategy: (attempt) => {
        this.#refresh(settings);
        return options.retryStrategy?.(attempt);
      },
      sentinelRetryStrategy: (attempt) => {
        this.#refresh(settings);
        return options.sentinelRetryStrategy?.(attempt);
      },
    });
    this.#client.setMaxListeners(0);
    this.#client.on("error", (error: Error) => this.#failed(error));
    this.#client.on("close", () => this.#failed(new Error("the connection is closed")));
    this.#client.on("ready", () => this.#succeeded());
    this.#client.on("end", () => this.#revive());
    this.#heartbeat = clock.every(HEARTBEAT_MS, () => this.#beat()).unref();
    this.#connect();
  }

  /**
   * Does something at the store, again where the store was not ready for it, within the budget. `attempt` must be
   * safe to repeat.
   *
   * @throws STORE_UNAVAILABLE; STORE_FULL for what would make a full store hold more.
   */
  async run<T>(attempt: (client: Redis) => Promise<T>): Promise<T> {
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
        const passes = isPassing(error);
        if (passes) this.#failed(error);
        if (error instanceof NoReplicas) this.#lookUpAgain();
        if (isLast || !passes) throw unavailable(error);
        await clock.sleep(pauseMs);
      }
    }
  }

  close(): void {
    this.#closed = true;
    clock.clear(this.#heartbeat);
    this.#client.disconnect();
  }

  /** A store that has been away for longer than the budget is not waited for. */
  #isDown(): boolean {
    return this.#downSinceMs !== undefined && clock.monotonicMs() - this.#downSinceMs > BUDGET_MS;
  }

  async #untilReady(deadlineMs: number): Promise<void> {
    const waitMs = deadlineMs - clock.monotonicMs();
    if (waitMs <= 0 || this.#closed || this.#waiting >= MAX_WAITING) {
      throw new NoAnswer();
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting += 1;
    this.#client.once("ready", resolve);
    try {
      await withDeadline(deadlineMs, promise);
    } finally {
      this.#waiting -= 1;
      this.#client.off("ready", resolve);
    }
  }

  /** A server that hangs, or was replaced while it hung, is noticed although nobody asks it anything. */
  #beat(): void {
    if (this.#client.status !== "ready") return;
    this.#client.ping().catch((error: unknown) => this.#failed(error));
  }

  /** A server without replicas is perhaps no master any more. */
  #lookUpAgain(): void {
    if (this.#closed || clock.monotonicMs() - this.#lookedUpAtMs < LOOK_UP_MS) return;
    this.#lookedUpAtMs = clock.monotonicMs();
    this.#client.disconnect(true);
  }

  #connect(): void {
    // What fails here is said in the error event, too.
    this.#client.connect().catch(() => {});
  }

  #revive(): void {
    if (this.#closed) return;
    clock
      .after(REVIVE_MS, () => {
        if (!this.#closed) this.#connect();
      })
      .unref();
  }

  #refresh(settings: RedisSettings): void {
    try {
      Object.assign(this.#client.options, readSecrets(settings));
    } catch (error) {
      this.#log.warn({ error }, "a password file of the session store cannot be read");
    }
  }

  #failed(error: unknown): void {
    if (this.#closed || this.#downSinceMs !== undefined) return;
    this.#downSinceMs = clock.monotonicMs();
    this.#log.warn({ error }, "the session store does not answer");
  }

  #succeeded(): void {
    if (this.#downSinceMs === undefined) return;
    this.#downSinceMs = undefined;
    this.#log.info("the session store answers again");
  }
}

/** Settles as the promise does, or fails at the deadline. */
async function withDeadline<T>(deadlineMs: number, promise: Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const waitMs = Math.max(deadlineMs - clock.monotonicMs(), 0);
  const timer = clock.after(waitMs, () => reject(new NoAnswer()));
  try {
    return await Promise.race([promise, late]);
  } finally {
    clock.clear(timer);
  }
}

function unavailable(error: unknown): FleetError {
  if (error instanceof FleetError) return error;
  if (replyCode(error) === "OOM") return new FleetError("STORE_FULL", { cause: error });
  if (replyCode(error) === "RELEARNING") {
    return new FleetError("STORE_UNAVAILABLE", {
      message: "the session store came back empty and is being refilled",
      cause: error,
    });
  }
  return new FleetError("STORE_UNAVAILABLE", { cause: error });
}
