/**
 * Work that several wait for, by a key: whoever asks while it runs gets what it comes to. Each of them hears of a
 * failure; where nobody waits any more, it is nobody's.
 */
export class SingleFlight<Key, Result> {
  readonly #running = new Map<Key, Promise<Result>>();

  /** How many keys are being worked for. */
  get size(): number {
    return this.#running.size;
  }

  /** What the work comes to, which begins unless it runs already. */
  run(key: Key, work: () => Promise<Result>): Promise<Result> {
    const running = this.#running.get(key);
    if (running !== undefined) return running;
    const started = work().finally(() => this.#running.delete(key));
    started.catch(() => {});
    this.#running.set(key, started);
    return started;
  }
}
