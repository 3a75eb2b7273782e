import { clock, type Timer } from "../platform/clock.ts";
/** Something on which silence can last too long. */
export interface Beating {
  /** Where the `KeepAlive` has it. -1: nowhere. */
  place: number;
  /** Says something if nothing was said for a while. */
  beat(): void;
}

/**
 * One timer that keeps all open answers and streams from looking dead to whatever stands in between. They stand in an
 * array: the tables that a set of V8 outgrows point to the next one, so that past answers in them, with all that they
 * hold, stay in memory until a full collection.
 */
export class KeepAlive {
  readonly #beating: Beating[] = [];
  readonly #timer: Timer;

  constructor(intervalSeconds: number) {
    this.#timer = clock.every(intervalSeconds * 1000, () => {
      for (const beating of this.#beating.slice()) {
        if (beating.place >= 0) beating.beat();
      }
    });
    this.#timer.unref();
  }

  add(beating: Beating): void {
    beating.place = this.#beating.push(beating) - 1;
  }

  /** The last one takes its place. */
  delete(beating: Beating): void {
    const { place } = beating;
    if (place < 0) return;
    const last = this.#beating.pop();
    if (last !== undefined && last !== beating) {
      this.#beating[place] = last;
      last.place = place;
    }
    beating.place = -1;
  }

  close(): void {
    clock.clear(this.#timer);
    for (const beating of this.#beating.splice(0)) beating.place = -1;
  }
}
