/**
 * Rights to do one thing to a session, alone in the fleet, for a while.
 *
 * @throws STORE_UNAVAILABLE.
 */
export interface LeaseStore {
  /**
   * Takes a right for `ttlMs`. The same holder takes it again to prolong it.
   *
   * @returns whether the holder has it; false also where there is no such session.
   */
  take(key: string, purpose: string, holder: string, ttlMs: number): Promise<boolean>;

  /** Gives a right back; another's is left alone. */
  release(key: string, purpose: string, holder: string): Promise<void>;

  /** Who has a right now; undefined where nobody has. */
  holder(key: string, purpose: string): Promise<string | undefined>;

  /** Whether anybody has a right to this session whose purpose begins so. */
  isTaken(key: string, purposePrefix: string): Promise<boolean>;
}
