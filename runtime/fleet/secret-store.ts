/**
 * Secrets that are the same for all processes over a store, and stay with it.
 *
 * @throws STORE_UNAVAILABLE.
 */
export interface SecretStore {
  /** What signs session ids where no key is configured. */
  signingKey(): Promise<Buffer>;
}
