import type { SessionRecord } from "../../sessions/session-record.ts";

/** The names of everything that the store keeps in Redis. */
export class RedisKeys {
  /** Every live session by expiry. */
  readonly expiry: string;
  /** The stream of changes. */
  readonly changes: string;
  /** There as long as the store has kept what it was given. */
  readonly generation: string;
  /** The pods that drain. */
  readonly draining: string;
  /** The sessions that have ended by the time when their tombstones go. */
  readonly ended: string;
  /** The sessions whose clients have sent nothing since they opened them, by the time when they did. */
  readonly unused: string;
  /** The key that signs session ids where none is configured. */
  readonly signingKey: string;
  /** Written where a replica has to confirm that this is still the master. */
  readonly probe: string;
  readonly #prefix: string;

  /** @param prefix what every key begins with, its colon included. */
  constructor(prefix: string) {
    this.#prefix = prefix;
    this.expiry = `${prefix}expiry`;
    this.changes = `${prefix}changes`;
    this.generation = `${prefix}generation`;
    this.draining = `${prefix}draining`;
    this.ended = `${prefix}ended`;
    this.unused = `${prefix}unused`;
    this.signingKey = `${prefix}signing-key`;
    this.probe = `${prefix}probe`;
  }

  /** The first `KEYS` of all scripts. */
  get ofStore(): readonly string[] {
    return [this.expiry, this.changes, this.generation, this.draining, this.ended, this.unused];
  }

  /** `KEYS` of the scripts about one session: its own, and the sets that it is a member of. */
  ofSession(key: string, sets: readonly string[] = []): readonly string[] {
    return [
      ...this.ofStore,
      `${this.#prefix}session:${key}`,
      `${this.#prefix}leases:${key}`,
      ...sets,
    ];
  }

  /** The sessions of an owner by expiry. */
  ownerSet(owner: string): string {
    return `${this.expiry}:${owner}`;
  }

  /** The sessions that are pinned to a pod by expiry. */
  podSet(backend: string, pod: string): string {
    return `${this.expiry}:pod:${podText(backend, pod)}`;
  }

  /** The right to do one thing alone in the fleet. */
  turn(name: string): string {
    return `${this.#prefix}turn:${name}`;
  }

  /** What was taken of a limit. */
  bucket(name: string): string {
    return `${this.#prefix}bucket:${name}`;
  }

  /** The sets that a session is a member of, as far as its record says. */
  setsOf({ owner, upstreams }: SessionRecord): string[] {
    const pods = Object.entries(upstreams).flatMap(([backend, { pod }]) =>
      pod === undefined ? [] : [this.podSet(backend, pod)],
    );
    return [this.ownerSet(owner), ...pods];
  }
}

/** A pod, as scripts call it. */
export function podText(backend: string, pod: string): string {
  return JSON.stringify([backend, pod]);
}
