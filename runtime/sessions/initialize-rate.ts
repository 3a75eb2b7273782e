import { LRUCache } from "lru-cache";

import { FleetError } from "../wire/fleet-error.ts";
import { TokenBucket } from "./token-bucket.ts";

/** Owners remembered. One that is forgotten has been quiet for longer than all of these. */
const OWNERS = 10_000;

/** How fast each owner may open sessions here: a minute's worth at once after a quiet minute. */
export class InitializeRate {
  readonly #perMinute: number;
  readonly #buckets = new LRUCache<string, TokenBucket>({ max: OWNERS });

  constructor(perMinute: number) {
    this.#perMinute = perMinute;
  }

  /** @throws RATE_LIMITED, with the time after which there is room. */
  check(owner: string): void {
    const bucket =
      this.#buckets.get(owner) ?? new TokenBucket(this.#perMinute / 60, this.#perMinute);
    this.#buckets.set(owner, bucket);
    const seconds = bucket.take();
    if (seconds > 0) {
      throw new FleetError("RATE_LIMITED", {
        message: "this principal opens sessions too fast",
        retryAfterSeconds: Math.ceil(seconds),
      });
    }
  }
}
