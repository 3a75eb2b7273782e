/**
 * Rights to do one thing alone in the fleet, for a while. Unlike a lease, a turn belongs to no session.
 *
 * @throws STORE_UNAVAILABLE.
 */
export interface TurnStore {
  /** Takes a turn for `ttlMs`; the same holder takes it again to prolong it. Returns whether the holder has it. */
  take(name: string, holder: string, ttlMs: number): Promise<boolean>;

  /** Gives a turn back; another's is left alone. */
  release(name: string, holder: string): Promise<void>;

  /** Who has a turn now; undefined where nobody has. */
  holder(name: string): Promise<string | undefined>;
}
