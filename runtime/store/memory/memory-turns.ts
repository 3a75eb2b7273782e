import type { TurnStore } from "../../fleet/turn-store.ts";

interface Turn {
  readonly holder: string;
  readonly endsAtMs: number;
}

/** Turns in memory. */
export class MemoryTurns implements TurnStore {
  readonly #now: () => number;
  readonly #turns = new Map<string, Turn>();

  /** @param now milliseconds since 1970. */
  constructor(now: () => number) {
    this.#now = now;
  }

  async take(name: string, holder: string, ttlMs: number): Promise<boolean> {
    this.#forgetEnded();
    const present = this.#turns.get(name);
    if (present !== undefined && present.holder !== holder) return false;
    this.#turns.set(name, { holder, endsAtMs: this.#now() + ttlMs });
    return true;
  }

  async release(name: string, holder: string): Promise<void> {
    if (this.#turns.get(name)?.holder === holder) this.#turns.delete(name);
  }

  async holder(name: string): Promise<string | undefined> {
    this.#forgetEnded();
    return this.#turns.get(name)?.holder;
  }

  clear(): void {
    this.#turns.clear();
  }

  #forgetEnded(): void {
    for (const [name, { endsAtMs }] of this.#turns) {
      if (endsAtMs <= this.#now()) this.#turns.delete(name);
    }
  }
}
