import type { KeyRing } from "../sessions/key-ring.ts";

/** What one process over a store shows another: who can sign with the fleet's keys is one of them. */
export class PeerCredential {
  readonly #ring: KeyRing;

  constructor(ring: KeyRing) {
    this.#ring = ring;
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
    const sent = Buffer.from(signature, "hex");
    const payload = payloadOf(sessionId);
    if (sent.length !== this.#ring.signer.sign(payload).length) return false;
    return this.#ring.verify(Buffer.from(tag, "hex"), payload, sent) === "valid";
  }
}

/** Not that of a client's session id, whose signature somebody else may hold. */
function payloadOf(sessionId: string): Buffer {
  return Buffer.from(`peer ${sessionId}`);
}
