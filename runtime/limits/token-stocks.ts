import { LRUCache } from "lru-cache";
import {
  type Exhausted,
  type LimitStore,
  stockMs,
  type Taken,
  type TokenRequest,
  type TokenStock,
} from "../fleet/limit-store.ts";
import { clock, type Timer } from "../platform/clock.ts";
import { FleetError } from "../wire/fleet-error.ts";

/** Buckets of which a process holds tokens, or knows that there are none. */
const BUCKETS = 10_000;

/** How long a bucket without tokens is not asked for again: others may give some back. */
const EXHAUSTED_MS = 250;

/** How long a call waits for the store, and how long a store that did not answer in that time is not asked again. */
const PATIENCE_MS = 500;
const AWAY_MS = 1_000;

interface Stock {
  readonly slot: number;
  readonly endsAtMs: number;
  readonly timer: Timer;
  tokens: number;
}

interface Known {
  stock?: Stock;
  /** It had none left, until then. */
  exhausted?: { readonly untilMs: number; readonly retryAtMs: number };
  /** Somebody asks the store for a stock: the others wait for that, rather than to ask as well. */
  asking?: Promise<Taken | Exhausted>;
  /** The last answer had a stock. */
  hasStocks: boolean;
}

/**
 * Tokens of limits: of what this process has in stock, or from the store. What is in stock was taken there, so that no
 * limit is exceeded, and most calls wait for no store.
 */
export class TokenStocks {
  readonly #store: LimitStore;
  #awayUntilMs = Number.NEGATIVE_INFINITY;
  readonly #known = new LRUCache<string, Known>({
    max: BUCKETS,
    dispose: (known, bucket) => this.#giveBack(bucket, known),
  });

  constructor(store: LimitStore) {
    this.#store = store;
  }

  /** The buckets of which something is in stock. */
  get size(): number {
    let count = 0;
    for (const { stock } of this.#known.values()) if (stock !== undefined) count += 1;
    return count;
  }

  /**
   * Takes of all buckets, or of none. Undefined: it has.
   *
   * @throws STORE_UNAVAILABLE.
   */
  async take(requests: readonly TokenRequest[]): Promise<Exhausted | undefined> {
    for (;;) {
      const nowMs = clock.monotonicMs();
      const exhausted = this.#exhaustedOf(requests, nowMs);
      if (exhausted !== undefined) return exhausted;
      const missing = requests.filter((one) => !this.#has(one, nowMs));
      if (missing.length === 0) {
        for (const one of requests) this.#use(one, nowMs);
        return undefined;
      }
      const asking = missing.map(({ bucket }) => this.#of(bucket).asking).find(Boolean);
      if (asking === undefined) return await this.#ask(requests, missing, nowMs);
      await asking;
    }
  }

  /** Gives back everything that is in stock. */
  async close(): Promise<void> {
    const entries = [...this.#known.entries()];
    await Promise.all(entries.map(([bucket, known]) => this.#giveBack(bucket, known)));
    this.#known.clear();
  }

  async #ask(
    requests: readonly TokenRequest[],
    missing: readonly TokenRequest[],
    nowMs: number,
  ): Promise<Exhausted | undefined> {
    // What is in stock is set aside before anybody else runs.
    const held = requests.filter((one) => !missing.includes(one));
    const used = held.map((one) => ({ stock: this.#use(one, nowMs), cost: one.cost }));
    const answered = this.#askInTime(missing, nowMs);
    // Whoever waits hears of a failure, and there may be nobody.
    answered.catch(() => {});
    // Where each call has to ask by itself, nobody waits for another.
    const shared = missing.map(({ bucket }) => this.#of(bucket)).filter((one) => one.hasStocks);
    for (const one of shared) one.asking = answered;
    let isTaken = false;
    try {
      const answer = await answered;
      if (answer.kind === "exhausted") {
        const refused = missing[answer.index];
        if (refused !== undefined) this.#noteExhausted(refused.bucket, answer.retryMs);
        return { ...answer, index: refused === undefined ? 0 : requests.indexOf(refused) };
      }
      isTaken = true;
      for (const [index, one] of missing.entries()) this.#keep(one, answer.stocks[index], nowMs);
      return undefined;
    } finally {
      for (const one of shared) if (one.asking === answered) delete one.asking;
      // Another limit refused the call. What has been given back meanwhile is not used again.
      if (!isTaken) for (const { stock, cost } of used) if (stock) stock.tokens += cost;
    }
  }

  #of(bucket: string): Known {
    const known = this.#known.get(bucket) ?? { hasStocks: true };
    if (!this.#known.has(bucket)) this.#known.set(bucket, known);
    return known;
  }

  #exhaustedOf(requests: readonly TokenRequest[], nowMs: number): Exhausted | undefined {
    for (const [index, { bucket }] of requests.entries()) {
      const exhausted = this.#known.get(bucket)?.exhausted;
      if (exhausted === undefined || exhausted.untilMs <= nowMs) continue;
      return { kind: "exhausted", index, retryMs: Math.max(1, exhausted.retryAtMs - nowMs) };
    }
    return undefined;
  }

  #has({ bucket, cost }: TokenRequest, nowMs: number): boolean {
    const stock = this.#known.get(bucket)?.stock;
    return stock !== undefined && stock.endsAtMs > nowMs && stock.tokens >= cost;
  }

  #use({ bucket, cost }: TokenRequest, nowMs: number): Stock | undefined {
    const stock = this.#known.get(bucket)?.stock;
    if (stock === undefined || stock.endsAtMs <= nowMs) return undefined;
    stock.tokens -= cost;
    return stock;
  }

  /** No call waits long for a store that is away, and only one in a while does. */
  async #askInTime(requests: readonly TokenRequest[], nowMs: number): Promise<Taken | Exhausted> {
    if (nowMs < this.#awayUntilMs) throw new FleetError("STORE_UNAVAILABLE");
    const late = new AbortController();
    try {
      return await Promise.race([
        this.#store.take(requests),
        clock.sleep(PATIENCE_MS, { signal: late.signal, ref: false }).then(() => {
          throw new FleetError("STORE_UNAVAILABLE");
        }),
      ]);
    } catch (error) {
      this.#awayUntilMs = clock.monotonicMs() + AWAY_MS;
      throw error;
    } finally {
      late.abort();
    }
  }

  #noteExhausted(bucket: string, retryMs: number): void {
    const nowMs = clock.monotonicMs();
    const untilMs = nowMs + Math.min(retryMs, EXHAUSTED_MS);
    this.#of(bucket).exhausted = { untilMs, retryAtMs: nowMs + retryMs };
  }

  /** @param askedAtMs when the store was asked: it counts the time of a stock from later on. */
  #keep(
    { bucket, periodMs }: TokenRequest,
    taken: TokenStock | undefined,
    askedAtMs: number,
  ): void {
    const known = this.#of(bucket);
    delete known.exhausted;
    known.hasStocks = taken !== undefined && taken.tokens > 0;
    if (taken === undefined || taken.tokens === 0) return;
    void this.#giveBack(bucket, known);
    const endsAtMs = askedAtMs + stockMs(periodMs);
    const timer = clock
      .after(Math.max(0, endsAtMs - clock.monotonicMs()), () => this.#giveBack(bucket, known))
      .unref();
    known.stock = { slot: taken.slot, tokens: taken.tokens, endsAtMs, timer };
  }

  /** Nobody waits for it: what is lost comes back with the period. */
  async #giveBack(bucket: string, known: Known): Promise<void> {
    const { stock } = known;
    if (stock === undefined) return;
    clock.clear(stock.timer);
    delete known.stock;
    if (stock.tokens > 0) await this.#store.giveBack(bucket, stock).catch(() => {});
  }
}
