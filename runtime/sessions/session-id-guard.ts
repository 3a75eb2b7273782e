import type { Metrics } from "../telemetry/metrics.ts";
import { FleetError } from "../wire/fleet-error.ts";
import type { KeyRing } from "./key-ring.ts";
import { verifySessionId } from "./session-id.ts";
import { TokenBucket } from "./token-bucket.ts";

/**
 * How many ids under an unknown key the store is asked for per second and process, and how many at once. Anybody
 * can invent such ids; a fleet whose keys were all exchanged at once gets its sessions back at this rate.
 */
const UNKNOWN_KEY_LOOKUPS_PER_SECOND = 500;
const UNKNOWN_KEY_LOOKUPS_AT_ONCE = 1_000;

/** Keeps invented ids from the store. */
export class SessionIdGuard {
  readonly #ring: KeyRing;
  readonly #metrics: Metrics;
  readonly #lookups = new TokenBucket(UNKNOWN_KEY_LOOKUPS_PER_SECOND, UNKNOWN_KEY_LOOKUPS_AT_ONCE);

  constructor(ring: KeyRing, metrics: Metrics) {
    this.#ring = ring;
    this.#metrics = metrics;
  }

  /**
   * Lets an id through that the store has to be asked for.
   *
   * @throws SESSION_NOT_FOUND where it need not be; RATE_LIMITED where it may know the id, but is asked for too many
   * like it.
   */
  check(id: string): void {
    const verdict = verifySessionId(this.#ring, id);
    if (verdict === "malformed" || verdict === "forged") throw new FleetError("SESSION_NOT_FOUND");
    if (verdict === "valid") return;
    const seconds = this.#lookups.take();
    if (seconds > 0) {
      throw new FleetError("RATE_LIMITED", { retryAfterSeconds: Math.ceil(seconds) });
    }
    this.#metrics.unknownKeys.inc();
  }
}
