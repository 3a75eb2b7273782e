/** Something on which silence can last too long. */
export interface Beating {
  /** Says something if nothing was said for a while. */
  beat(): void;
}

/** One timer that keeps all open answers and streams from looking dead to whatever stands in between. */
export class KeepAlive {
  readonly #beating = new Set<Beating>();
  readonly #timer: NodeJS.Timeout;

  constructor(intervalSeconds: number) {
    this.#timer = setInterval(() => {
      for (const beating of this.#beating) beating.beat();
    }, intervalSeconds * 1000);
    this.#timer.unref();
  }

  add(beating: Beating): void {
    this.#beating.add(beating);
  }

  delete(beating: Beating): void {
    this.#beating.delete(beating);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#beating.clear();
  }
}
