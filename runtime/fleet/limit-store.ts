/** Tokens that a call needs of one bucket. */
export interface TokenRequest {
  readonly bucket: string;
  /** How many may be taken in any period. */
  readonly tokens: number;
  readonly periodMs: number;
  /** How many are needed. */
  readonly cost: number;
}

/** What was taken: of each bucket the cost, and more where the process may keep a stock. */
export interface Taken {
  readonly kind: "taken";
  readonly stocks: readonly TokenStock[];
}

/** Tokens beside the cost. They count as used in their slot, to which what is left can be given back. */
export interface TokenStock {
  readonly tokens: number;
  readonly slot: number;
}

/** Nothing was taken of any bucket. */
export interface Exhausted {
  readonly kind: "exhausted";
  /** Which of the requests. */
  readonly index: number;
  readonly retryMs: number;
}

/** In so many slots is a period counted: a token comes back at most one of them late. */
export const SLOTS_PER_PERIOD = 20;

/** How long a stock may be used: it is counted in the slot in which this ends. */
export function stockMs(periodMs: number): number {
  return Math.min(Math.ceil(periodMs / SLOTS_PER_PERIOD), 5_000);
}

/**
 * Counts what limits let through, for all processes together. In no period is more taken of a bucket than it has tokens,
 * whenever tokens of stocks are used within `stockMs`.
 *
 * @throws STORE_UNAVAILABLE.
 */
export interface LimitStore {
  /** Takes of all buckets, or of none. A process gets a stock where a bucket has at least 100 × as many tokens as processes use it. */
  take(requests: readonly TokenRequest[]): Promise<Taken | Exhausted>;

  /** Gives back what was not used of a stock. */
  giveBack(bucket: string, stock: TokenStock): Promise<void>;
}
