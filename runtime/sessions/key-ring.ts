import { createHash, createHmac, randomBytes, timingSafeEqual } from "node:crypto";

export interface SessionSecret {
  /** The operator's name for the key; ids carry a digest of it. */
  readonly id: string;
  readonly secret: Buffer;
}

/** Bytes of a MAC in a session id: 128 bits cannot be guessed. */
export const MAC_BYTES = 16;

/** Bytes of the digest of a key's name in a session id. */
export const KEY_TAG_BYTES = 4;

/** The keys that sign session ids. The first signs, all verify. */
export class KeyRing {
  readonly #secrets: ReadonlyMap<string, Buffer>;
  readonly #signing: { readonly tag: Buffer; readonly secret: Buffer };

  constructor(secrets: readonly [SessionSecret, ...SessionSecret[]]) {
    this.#secrets = new Map(secrets.map(({ id, secret }) => [keyTag(id).toString("hex"), secret]));
    this.#signing = { tag: keyTag(secrets[0].id), secret: secrets[0].secret };
  }

  /** A ring of one random key: enough for a store that does not outlive the process. */
  static generate(): KeyRing {
    return new KeyRing([{ id: "process", secret: randomBytes(32) }]);
  }

  /** The tag that names the signing key. */
  get signingTag(): Buffer {
    return this.#signing.tag;
  }

  sign(payload: Buffer): Buffer {
    return mac(this.#signing.secret, payload);
  }

  /** `unknown-key` is no verdict on the id: another process may sign with a key that is new here. */
  verify(tag: Buffer, payload: Buffer, signature: Buffer): "valid" | "forged" | "unknown-key" {
    const secret = this.#secrets.get(tag.toString("hex"));
    if (secret === undefined) return "unknown-key";
    return timingSafeEqual(mac(secret, payload), signature) ? "valid" : "forged";
  }
}

function keyTag(id: string): Buffer {
  return createHash("sha256").update(id).digest().subarray(0, KEY_TAG_BYTES);
}

function mac(secret: Buffer, payload: Buffer): Buffer {
  return createHmac("sha256", secret).update(payload).digest().subarray(0, MAC_BYTES);
}
