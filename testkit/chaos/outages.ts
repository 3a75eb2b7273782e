import type { InspectedGateway } from "../processes/inspected-gateway.ts";
import type { RedisProcess } from "../processes/redis.ts";
import type { Outage } from "./deeds.ts";
import type { ShakyBackend } from "./shaky-backend.ts";

/** How many deeds long an outage lasts. */
const LASTS_DEEDS = 12;

/** Of the store, at most: deeds that wait for it may be all that there are. */
const PAUSE_MS = 200;

/** What happens to backends and to the store, and for how long. */
export class Outages {
  readonly #gateway: InspectedGateway;
  readonly #redis: RedisProcess | undefined;
  readonly #backends: readonly ShakyBackend[];
  /** What goes on, by what it happens to: a backend by its number, or the store. */
  readonly #goesOn = new Map<string, { readonly last: number; end(): Promise<void> }>();

  constructor(
    gateway: InspectedGateway,
    backends: readonly ShakyBackend[],
    redis: RedisProcess | undefined,
  ) {
    this.#gateway = gateway;
    this.#backends = backends;
    this.#redis = redis;
  }

  /** Has something happen at a deed. What is out already stays as it is. */
  async begin(kind: Outage, number: number, deed: number): Promise<void> {
    const backend = this.#backends[number];
    const subject = kind === "pause store" ? "store" : String(number);
    if (backend === undefined || this.#goesOn.has(subject)) return;
    if (kind === "forget") return backend.forget();
    if (kind === "end streams") return backend.endStreams();
    const last = deed + LASTS_DEEDS;
    if (kind === "pause store") return void this.#goesOn.set(subject, { last, end: this.#pause() });
    // Before anything is waited for: what is out must not begin twice.
    const began = kind === "restart" ? backend.restart() : backend.refuse(kind);
    const end = () => began.then(() => backend.recover());
    this.#goesOn.set(subject, { last, end });
    await began;
  }

  /** Ends what has lasted long enough by this deed. Default: everything. */
  async end(deed = Number.POSITIVE_INFINITY): Promise<void> {
    for (const [subject, { last, end }] of this.#goesOn) {
      if (last > deed) continue;
      this.#goesOn.delete(subject);
      await end();
    }
  }

  /** Returns what ends it. */
  #pause(): () => Promise<void> {
    if (this.#redis === undefined) this.#gateway.pauseStore();
    else this.#redis.freeze();
    const goOn = () => (this.#redis === undefined ? this.#gateway.thawStore() : this.#redis.thaw());
    const timer = setTimeout(goOn, PAUSE_MS);
    return async () => {
      clearTimeout(timer);
      goOn();
    };
  }
}
