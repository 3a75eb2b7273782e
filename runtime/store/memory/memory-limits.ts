import { LRUCache } from "lru-cache";
import {
  type Exhausted,
  type LimitStore,
  SLOTS_PER_PERIOD,
  type Taken,
  type TokenRequest,
  type TokenStock,
} from "../../fleet/limit-store.ts";

/** Buckets that are kept. One that is forgotten has been used less recently than all of these. */
const BUCKETS = 100_000;

/** Buckets of tokens of one process, counted as `take-tokens.lua` counts them. It needs no stock: it is the store. */
export class MemoryLimits implements LimitStore {
  readonly #now: () => number;
  /** The tokens that were taken of each, by slot. */
  readonly #buckets = new LRUCache<string, Map<number, number>>({ max: BUCKETS });

  /** @param now milliseconds since 1970. */
  constructor(now: () => number) {
    this.#now = now;
  }

  async take(requests: readonly TokenRequest[]): Promise<Taken | Exhausted> {
    const now = this.#now();
    for (const [index, { bucket, tokens, periodMs, cost }] of requests.entries()) {
      const slots = this.#slots(bucket, periodMs, now);
      const used = [...slots.values()].reduce((sum, taken) => sum + taken, 0);
      if (used + cost > tokens) {
        const first = Math.min(...slots.keys());
        const freeAtMs = (first + 1) * slotMs(periodMs) + periodMs;
        const retryMs = Number.isFinite(freeAtMs) ? Math.max(1, freeAtMs - now) : periodMs;
        return { kind: "exhausted", index, retryMs };
      }
    }
    const stocks = requests.map(({ bucket, periodMs, cost }) => {
      const slots = this.#slots(bucket, periodMs, now);
      const slot = Math.floor(now / slotMs(periodMs));
      slots.set(slot, (slots.get(slot) ?? 0) + cost);
      return { tokens: 0, slot };
    });
    return { kind: "taken", stocks };
  }

  async giveBack(bucket: string, { slot, tokens }: TokenStock): Promise<void> {
    const slots = this.#buckets.get(bucket);
    const counted = slots?.get(slot);
    if (counted !== undefined) slots?.set(slot, Math.max(0, counted - tokens));
  }

  clear(): void {
    this.#buckets.clear();
  }

  #slots(bucket: string, periodMs: number, now: number): Map<number, number> {
    const slots = this.#buckets.get(bucket) ?? new Map<number, number>();
    this.#buckets.set(bucket, slots);
    for (const slot of slots.keys()) {
      if ((slot + 1) * slotMs(periodMs) + periodMs <= now) slots.delete(slot);
    }
    return slots;
  }
}

function slotMs(periodMs: number): number {
  return Math.ceil(periodMs / SLOTS_PER_PERIOD);
}
