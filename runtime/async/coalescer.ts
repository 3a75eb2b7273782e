/**
 * Work that has to see what was there when it was asked for, by a key: one runs, and one waits, which all who ask
 * meanwhile share. So 3,000 requests at once are two runs.
 */
export class Coalescer<Key, Result> {
  readonly #running = new Map<Key, Promise<unknown>>();
  readonly #waiting = new Map<Key, Promise<Result>>();

  /** What a run comes to that begins from now on. */
  run(key: Key, work: () => Promise<Result>): Promise<Result> {
    const waiting = this.#waiting.get(key);
    if (waiting !== undefined) return waiting;
    const running = this.#running.get(key);
    if (running === undefined) return this.#start(key, work);
    const done = running.then(() => {
      this.#waiting.delete(key);
      return this.#start(key, work);
    });
    done.catch(() => {});
    this.#waiting.set(key, done);
    return done;
  }

  #start(key: Key, work: () => Promise<Result>): Promise<Result> {
    const started = work();
    const settled = started
      .catch(() => {})
      .finally(() => {
        if (this.#running.get(key) === settled) this.#running.delete(key);
      });
    this.#running.set(key, settled);
    return started;
  }
}
