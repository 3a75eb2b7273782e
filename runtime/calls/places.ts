import { clock } from "../platform/clock.ts";
import type { FleetError } from "../wire/fleet-error.ts";

export interface PlacesParts {
  /** How many may be taken at a time. */
  readonly places: number;
  /** How many calls may wait for one, and for how long. */
  readonly maxWaiting: number;
  readonly maxWaitMs: number;
  /** What a call that finds no place in time is answered with. */
  readonly refusal: () => FleetError;
  /** One more call waits, or one less. */
  readonly onWait: (change: 1 | -1) => void;
}

/** What waits: a call, whose signal says that it does not any more. */
export interface Waiting {
  readonly signal: AbortSignal;
}

/** A number of calls that may run at a time. Further ones wait in their order, not too many and not too long. */
export class Places {
  readonly #parts: PlacesParts;
  readonly #waiting = new Set<() => void>();
  #taken = 0;

  constructor(parts: PlacesParts) {
    this.#parts = parts;
  }

  get isUnused(): boolean {
    return this.#taken === 0;
  }

  /**
   * Takes a place: at once, and then undefined is returned, or in turn. Give it back with `give`.
   *
   * @throws the refusal where too many wait; what is returned rejects with it after the longest wait, or with the
   * signal's reason once it is aborted.
   */
  take(call: Waiting): Promise<void> | undefined {
    const { places, maxWaiting, refusal } = this.#parts;
    if (this.#taken < places) {
      this.#taken += 1;
      return undefined;
    }
    if (this.#waiting.size >= maxWaiting) throw refusal();
    return this.#wait(call.signal);
  }

  /**
   * Does the work of a call in a place of its own.
   *
   * @throws as `take`, and what the work throws.
   */
  async run(call: Waiting, work: () => Promise<void>): Promise<void> {
    const turn = this.take(call);
    if (turn !== undefined) await turn;
    try {
      await work();
    } finally {
      this.give();
    }
  }

  /** The place goes to the call that has been waiting longest. */
  give(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#taken -= 1;
      return;
    }
    this.#waiting.delete(next);
    next();
  }

  async #wait(signal: AbortSignal): Promise<void> {
    const { maxWaitMs, refusal, onWait } = this.#parts;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const leave = (reason: unknown) => {
      if (this.#waiting.delete(resolve)) reject(reason);
    };
    const onAbort = () => leave(signal.reason);
    this.#waiting.add(resolve);
    const timer = clock.after(maxWaitMs, () => leave(refusal()));
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) onAbort();
    onWait(1);
    try {
      await promise;
    } finally {
      onWait(-1);
      clock.clear(timer);
      signal.removeEventListener("abort", onAbort);
    }
  }
}

/** Places for each of many, which are there only while some are taken. */
export class PlacesByKey<Key> {
  readonly #parts: PlacesParts;
  readonly #places = new Map<Key, Places>();

  constructor(parts: PlacesParts) {
    this.#parts = parts;
  }

  #add(key: Key): Places {
    const places = new Places(this.#parts);
    this.#places.set(key, places);
    return places;
  }

  /** As `Places.run`. */
  async run(key: Key, call: Waiting, work: () => Promise<void>): Promise<void> {
    const places = this.#places.get(key) ?? this.#add(key);
    try {
      await places.run(call, work);
    } finally {
      if (places.isUnused) this.#places.delete(key);
    }
  }
}
