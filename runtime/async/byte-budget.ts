interface Waiting {
  readonly hold: Hold;
  readonly bytes: number;
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * How much a process holds at a time of what it has to have whole. Room for one message is set aside: whoever finds no
 * other may use it, one at a time, so that what is begun can always be finished and its room given back. The others wait.
 */
export class ByteBudget {
  /** What is there for all. */
  readonly #sharedBytes: number;
  #shared = 0;
  #waiting: Waiting[] = [];
  /** Who uses the room that is set aside, and how much of it. */
  #privileged: Hold | undefined;
  #setAside = 0;

  /** No hold may grow beyond `messageBytes`. */
  constructor(bytes: number, messageBytes: number) {
    this.#sharedBytes = bytes - messageBytes;
  }

  /** What is held right now, in bytes. */
  get held(): number {
    return this.#shared + this.#setAside;
  }

  /** The part of one reader, which is nothing yet. */
  open(): Hold {
    return new Hold(this);
  }

  /** Whether there was room for so much more. */
  tryTake(bytes: number): boolean {
    if (this.#shared + bytes > this.#sharedBytes) return false;
    this.#shared += bytes;
    return true;
  }

  /** @throws what it is given up with. */
  async take(hold: Hold, bytes: number): Promise<void> {
    if (this.#admits(hold, bytes)) return;
    await new Promise<void>((resolve, reject) => {
      this.#waiting.push({ hold, bytes, resolve, reject });
    });
  }

  /** Gives back what a reader held; it does not wait any more either. */
  give(hold: Hold, bytes: number): void {
    this.#shared -= bytes;
    if (this.#privileged === hold) {
      this.#shared += this.#setAside;
      this.#setAside = 0;
      this.#privileged = undefined;
    }
    const left = this.#waiting.filter((one) => one.hold === hold);
    this.#waiting = this.#waiting.filter((one) => one.hold !== hold);
    for (const { reject } of left) reject(new Error("it was given up"));
    for (let [next] = this.#waiting; next !== undefined; [next] = this.#waiting) {
      if (!this.#admits(next.hold, next.bytes)) return;
      this.#waiting.shift();
      next.resolve();
    }
  }

  #admits(hold: Hold, bytes: number): boolean {
    if (this.tryTake(bytes)) return true;
    if (this.#privileged !== undefined && this.#privileged !== hold) return false;
    this.#privileged = hold;
    this.#setAside += bytes;
    return true;
  }
}

/** What one reader holds. The first bytes are free: they are part of what a call takes anyway. */
export class Hold {
  static readonly FREE_BYTES = 64 * 1024;

  readonly #budget: ByteBudget;
  #taken = 0;

  constructor(budget: ByteBudget) {
    this.#budget = budget;
  }

  /**
   * Holds so much in all, and waits until there is room for it.
   *
   * @throws where it is released meanwhile.
   */
  async grow(bytes: number): Promise<void> {
    const more = this.#missing(bytes);
    if (more <= 0) return;
    await this.#budget.take(this, more);
    this.#taken += more;
  }

  /** Whether there is room to hold so much in all, which is then held. */
  tryGrow(bytes: number): boolean {
    const more = this.#missing(bytes);
    if (more <= 0) return true;
    if (!this.#budget.tryTake(more)) return false;
    this.#taken += more;
    return true;
  }

  /** Holds nothing any more, and does not wait. */
  release(): void {
    const taken = this.#taken;
    this.#taken = 0;
    this.#budget.give(this, taken);
  }

  #missing(bytes: number): number {
    return bytes - Hold.FREE_BYTES - this.#taken;
  }
}
