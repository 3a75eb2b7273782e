import type { Store } from "../../runtime/store/store.ts";
import { wrapOperations } from "./wrapped-store.ts";

/** A store that at times answers nothing. */
export class PausedStore {
  readonly store: Store;
  #paused: PromiseWithResolvers<void> | undefined;

  constructor(store: Store) {
    this.store = wrapOperations(store, (_, run) => {
      return this.#paused === undefined ? run() : this.#paused.promise.then(run);
    });
  }

  /** What is asked from now on waits until `goOn`. */
  pause(): void {
    this.#paused ??= Promise.withResolvers();
  }

  goOn(): void {
    this.#paused?.resolve();
    this.#paused = undefined;
  }
}
