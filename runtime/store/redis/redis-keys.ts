/** The names of everything that the store keeps in Redis. */
export class RedisKeys {
  /** Every live session by expiry; with an owner or a pod appended, theirs. */
  readonly expiry: string;
  /** The stream of changes. */
  readonly changes: string;
  /** There as long as the store has kept what it was given. */
  readonly generation: string;
  /** The pods that drain. */
  readonly draining: string;
  /** The key that signs session ids where none is configured. */
  readonly signingKey: string;
  /** Written where a replica has to confirm that this is still the master. */
  readonly probe: string;
  readonly recordPrefix: string;
  readonly leasesPrefix: string;

  /** @param prefix what every key begins with, its colon included. */
  constructor(prefix: string) {
    this.expiry = `${prefix}expiry`;
    this.changes = `${prefix}changes`;
    this.generation = `${prefix}generation`;
    this.draining = `${prefix}draining`;
    this.signingKey = `${prefix}signing-key`;
    this.probe = `${prefix}probe`;
    this.recordPrefix = `${prefix}session:`;
    this.leasesPrefix = `${prefix}leases:`;
  }

  /** `KEYS` of the scripts about the whole store. */
  get ofStore(): readonly string[] {
    return [this.expiry, this.changes, this.generation, this.draining];
  }

  /** `KEYS` of the scripts about one session. */
  ofSession(key: string): readonly string[] {
    return [...this.ofStore, this.recordPrefix + key, this.leasesPrefix + key];
  }
}
