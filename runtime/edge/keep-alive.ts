import { clock, type Timer } from "../platform/clock.ts";

/** Something that looks dead to proxies when it is silent for too long. */
export interface KeepAliveTarget {
  /** Where the `KeepAlive` has it. -1: nowhere. */
  slot: number;
  /** Says something if nothing was said for a while. */
  tick(): void;
}

/**
 * One timer that keeps all open answers and streams from looking dead to whatever stands in between.
 *
 * They are in an array and not in a Set: V8 keeps the tables that an ordered hash set has outgrown reachable from the
 * next one, and with them every answer that was in it, until a full collection. `test/leaks.test.ts` shows the difference.
 */
export class KeepAlive {
  readonly #targets: KeepAliveTarget[] = [];
  readonly #timer: Timer;

  constructor(intervalSeconds: number) {
    this.#timer = clock.every(intervalSeconds * 1000, () => {
      for (const target of this.#targets.slice()) if (target.slot >= 0) target.tick();
    });
    this.#timer.unref();
  }

  add(target: KeepAliveTarget): void {
    target.slot = this.#targets.push(target) - 1;
  }

  /** The last one takes its slot. */
  delete(target: KeepAliveTarget): void {
    const { slot } = target;
    if (slot < 0) return;
    const last = this.#targets.pop();
    if (last !== undefined && last !== target) {
      this.#targets[slot] = last;
      last.slot = slot;
    }
    target.slot = -1;
  }

  close(): void {
    clock.clear(this.#timer);
    for (const target of this.#targets.splice(0)) target.slot = -1;
  }
}
