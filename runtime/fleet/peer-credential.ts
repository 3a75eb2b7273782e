import { random } from "../platform/random.ts";
import { type KeyRing, MAC_BYTES } from "../sessions/key-ring.ts";

/** What one process over a store shows another: who can sign with the fleet's keys is one of them. */
export class PeerCredential {
  readonly #ring: KeyRing;

  constructor(ring: KeyRing) {
    this.#ring = ring;
  }

  /**
   * A name under which the store keeps where something is, unlike any other. Whoever only writes to the store can name
   * no other place, nor this one for something else.
   *
   * @param about what is there.
   */
  seal(url: string, about: string): string {
    const { signer } = this.#ring;
    const text = `${Buffer.from(url).toString("base64url")}.${random.uuid()}`;
    const signature = signer.sign(sealedPayload(text, about)).toString("hex");
    return `${text}.${signer.tag.toString("hex")}.${signature}`;
  }

  /** The URL that a process over this store has sealed about this; undefined where none has. */
  unseal(sealed: string, about: string): string | undefined {
    const [url = "", id, tag = "", signature = ""] = sealed.split(".");
    const payload = sealedPayload(`${url}.${id}`, about);
    return this.#isSigned(tag, payload, signature)
      ? Buffer.from(url, "base64url").toString("utf8")
      : undefined;
  }

  /** The `Authorization` of a request about a backend session. */
  authorizationFor(sessionId: string): string {
    const { signer } = this.#ring;
    const signature = signer.sign(payloadOf(sessionId)).toString("hex");
    return `Bearer ${signer.tag.toString("hex")}.${signature}`;
  }

  /** Whether a request about a backend session comes from one of the processes over this store. */
  isPeer(sessionId: string, authorization: string): boolean {
    const [tag = "", signature = ""] = authorization.replace(/^Bearer /, "").split(".");
    return this.#isSigned(tag, payloadOf(sessionId), signature);
  }

  #isSigned(tag: string, payload: Buffer, signature: string): boolean {
    const sent = Buffer.from(signature, "hex");
    if (sent.length !== MAC_BYTES) return false;
    return this.#ring.verify(Buffer.from(tag, "hex"), payload, sent) === "valid";
  }
}

/** Not that of a client's session id, whose signature somebody else may hold. */
function payloadOf(sessionId: string): Buffer {
  return Buffer.from(`peer ${sessionId}`);
}

function sealedPayload(text: string, about: string): Buffer {
  return Buffer.from(`sealed ${JSON.stringify([text, about])}`);
}
