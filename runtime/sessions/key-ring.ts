import { createHmac, timingSafeEqual } from "node:crypto";
import { clock } from "../platform/clock.ts";
import { random } from "../platform/random.ts";

export interface SessionSecret {
  /** The operator's name for the key, for log lines; ids carry nothing of it. */
  readonly id: string;
  /** At least 32 bytes, which `session-keys.ts` checks. */
  readonly secret: Buffer;
  /** From when on the key may sign, so that all processes can verify it by then. Absent: at once. */
  readonly signAfterMs?: number;
}

export type SessionSecrets = readonly [SessionSecret, ...SessionSecret[]];

/** A key that signs: its tag and its signatures belong together. */
export interface Signer {
  /** Names the key in a session id. */
  readonly tag: Buffer;
  sign(payload: Buffer): Buffer;
}

/** Bytes of a MAC in a session id: 128 bits cannot be guessed. */
export const MAC_BYTES = 16;

/** Bytes of a key's tag in a session id. */
export const KEY_TAG_BYTES = 4;

class Key implements Signer {
  readonly tag: Buffer;
  readonly signAfterMs: number;
  readonly #secret: Buffer;

  constructor({ secret, signAfterMs = 0 }: SessionSecret) {
    this.#secret = secret;
    this.signAfterMs = signAfterMs;
    // Of the secret, not of its name: a new secret under an old name is another key, whose ids are no forgeries.
    this.tag = mac(secret, Buffer.from("session key tag")).subarray(0, KEY_TAG_BYTES);
  }

  sign(payload: Buffer): Buffer {
    return mac(this.#secret, payload);
  }
}

/** The keys that sign session ids. One signs, all verify. */
export class KeyRing {
  readonly #now: () => number;
  #byTag: ReadonlyMap<string, Key> = new Map();
  /** Those that sign later come first. */
  #keys: readonly Key[] = [];
  #earliest: Key;

  constructor(secrets: SessionSecrets, now: () => number = () => clock.now()) {
    this.#now = now;
    this.#earliest = new Key(secrets[0]);
    this.replace(secrets);
  }

  /** A ring of one random key: enough for a store that does not outlive the process. */
  static generate(): KeyRing {
    return new KeyRing([{ id: "process", secret: random.bytes(32) }]);
  }

  /** Ids under a key that leaves are no forgeries: their key is unknown from now on. */
  replace(secrets: SessionSecrets): void {
    const keys = secrets.map((secret) => new Key(secret));
    this.#byTag = new Map(keys.map((key) => [key.tag.toString("hex"), key]));
    this.#keys = keys.toSorted((one, other) => other.signAfterMs - one.signAfterMs);
    this.#earliest = this.#keys.at(-1) ?? this.#earliest;
  }

  /**
   * The key that signs now: of those whose `signAfterMs` has passed the latest, of equals the first. Where
   * none has passed, the earliest.
   */
  get signer(): Signer {
    const now = this.#now();
    return this.#keys.find(({ signAfterMs }) => signAfterMs <= now) ?? this.#earliest;
  }

  /** `unknown-key` is no verdict on the id: another process may sign with a key that is new here. */
  verify(tag: Buffer, payload: Buffer, signature: Buffer): "valid" | "forged" | "unknown-key" {
    const key = this.#byTag.get(tag.toString("hex"));
    if (key === undefined) return "unknown-key";
    return timingSafeEqual(key.sign(payload), signature) ? "valid" : "forged";
  }
}

function mac(secret: Buffer, payload: Buffer): Buffer {
  return createHmac("sha256", secret).update(payload).digest().subarray(0, MAC_BYTES);
}
