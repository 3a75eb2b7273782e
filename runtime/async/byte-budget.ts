interface Waiting {
  readonly hold: Hold;
  readonly bytes: number;
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
}

export interface ByteBudgetOptions {
  /** How much one client may have of what is there for all. Default: all of it. */
  readonly shareBytes?: number;
  /** How much of each hold is not counted. Default: 64 KiB. */
  readonly freeBytes?: number;
}

/**
 * How much a process holds at a time of what it has to have whole. Room for one message is set aside: whoever finds no
 * other may use it, one at a time, so that what is begun can always be finished and its room given back. The others wait.
 */
export class ByteBudget {
  /** What is there for all, and how much of it one client may have. */
  #sharedBytes: number;
  readonly #shareBytes: number;
  readonly #freeBytes: number;
  readonly #messageBytes: number;
  #shared = 0;
  readonly #ofClient = new Map<string, number>();
  #waiting: Waiting[] = [];
  /** Who uses the room that is set aside, and how much of it. */
  #privileged: Hold | undefined;
  #setAside = 0;

  /** No hold may grow beyond `messageBytes`. */
  constructor(bytes: number, messageBytes: number, options: ByteBudgetOptions = {}) {
    this.#messageBytes = messageBytes;
    this.#sharedBytes = bytes - messageBytes;
    this.#shareBytes = options.shareBytes ?? Number.POSITIVE_INFINITY;
    this.#freeBytes = options.freeBytes ?? Hold.FREE_BYTES;
  }

  /** What is held right now, in bytes. */
  get held(): number {
    return this.#shared + this.#setAside;
  }

  /** From now on there is room for so much. What is held beyond that stays until it is given back. */
  resize(bytes: number): void {
    this.#sharedBytes = bytes - this.#messageBytes;
    this.#admitWaiting();
  }

  /** The part of one reader, which is nothing yet. */
  open(client?: string): Hold {
    return new Hold(this, this.#freeBytes, client);
  }

  /** Whether there was room for so much more. */
  tryTake(hold: Hold, bytes: number): boolean {
    if (!this.#hasRoom(hold, bytes)) return false;
    this.#count(hold, bytes);
    hold.taken += bytes;
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
  give(hold: Hold): void {
    if (hold.taken === 0 && this.#waiting.length === 0) return;
    const isPrivileged = this.#privileged === hold;
    this.#count(hold, (isPrivileged ? this.#setAside : 0) - hold.taken);
    hold.taken = 0;
    if (isPrivileged) this.#endPrivilege();
    if (this.#waiting.length > 0) this.#dismiss(hold);
    this.#admitWaiting();
  }

  #dismiss(hold: Hold): void {
    const left = this.#waiting.filter((one) => one.hold === hold);
    this.#waiting = this.#waiting.filter((one) => one.hold !== hold);
    for (const { reject } of left) reject(new Error("it was given up"));
  }

  /** Gives back a part of what a reader holds. */
  giveSome(hold: Hold, bytes: number): void {
    this.#count(hold, -bytes);
    hold.taken -= bytes;
    this.#admitWaiting();
  }

  #admitWaiting(): void {
    this.#moveSetAside();
    if (this.#waiting.length === 0) return;
    // One that waits for its own client's share holds up nobody else.
    this.#waiting = this.#waiting.filter((next) => {
      const isAdmitted = this.#admits(next.hold, next.bytes);
      if (isAdmitted) next.resolve();
      return !isAdmitted;
    });
  }

  /** What is held in the room that is set aside moves where there is room for all, and the next one may use it. */
  #moveSetAside(): void {
    const hold = this.#privileged;
    if (hold === undefined || !this.#hasRoom(hold, this.#setAside)) return;
    this.#count(hold, this.#setAside);
    this.#endPrivilege();
  }

  #endPrivilege(): void {
    this.#setAside = 0;
    this.#privileged = undefined;
  }

  #hasRoom({ client }: Hold, bytes: number): boolean {
    if (this.#shared + bytes > this.#sharedBytes) return false;
    if (client === undefined) return true;
    return (this.#ofClient.get(client) ?? 0) + bytes <= this.#shareBytes;
  }

  #count({ client }: Hold, bytes: number): void {
    this.#shared += bytes;
    if (client === undefined) return;
    const ofClient = (this.#ofClient.get(client) ?? 0) + bytes;
    if (ofClient > 0) this.#ofClient.set(client, ofClient);
    else this.#ofClient.delete(client);
  }

  #admits(hold: Hold, bytes: number): boolean {
    if (this.tryTake(hold, bytes)) return true;
    if (this.#privileged !== undefined && this.#privileged !== hold) return false;
    this.#privileged = hold;
    this.#setAside += bytes;
    hold.taken += bytes;
    return true;
  }
}

/** What one reader holds. By default the first bytes are free: they are part of what a call takes anyway. */
export class Hold {
  static readonly FREE_BYTES = 64 * 1024;

  /** Whose share it is part of. Undefined: nobody's. */
  readonly client: string | undefined;
  readonly #budget: ByteBudget;
  readonly #freeBytes: number;
  /** What the budget has counted for it, from the moment at which it is admitted. */
  taken = 0;

  constructor(budget: ByteBudget, freeBytes: number, client: string | undefined) {
    this.#budget = budget;
    this.#freeBytes = freeBytes;
    this.client = client;
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
  }

  /** Whether there is room to hold so much in all, which is then held. */
  tryGrow(bytes: number): boolean {
    const more = this.#missing(bytes);
    if (more <= 0) return true;
    return this.#budget.tryTake(this, more);
  }

  /** Holds no more than so much in all. Not for who may hold what is set aside. */
  shrink(bytes: number): void {
    const less = -this.#missing(bytes);
    if (less > 0) this.#budget.giveSome(this, less);
  }

  /** Holds nothing any more, and does not wait. */
  release(): void {
    this.#budget.give(this);
  }

  #missing(bytes: number): number {
    return bytes - this.#freeBytes - this.taken;
  }
}
