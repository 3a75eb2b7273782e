import { clock, type Timer } from "./clock.ts";

/** One change is several events, such as of a link and of what it leads to: they are waited for. */
const SETTLE_MS = 100;

/** Makes one change of the events that come close together. */
export class Settling {
  readonly #onSettled: () => void;
  #timer: Timer | undefined;

  constructor(onSettled: () => void) {
    this.#onSettled = onSettled;
  }

  /** Something has happened: what is done about it is done soon, once. */
  event(): void {
    this.#timer ??= clock
      .after(SETTLE_MS, () => {
        this.#timer = undefined;
        this.#onSettled();
      })
      .unref();
  }

  close(): void {
    clock.clear(this.#timer);
  }
}
