import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import {
  KEY_TAG_BYTES,
  KeyRing,
  MAC_BYTES,
  type SessionSecret,
} from "../../runtime/sessions/key-ring.ts";

const key = (id: string): SessionSecret => ({
  id,
  secret: createHash("sha256").update(`secret of ${id}`).digest(),
});
const payload = Buffer.from("what is signed");

describe("a key ring", () => {
  it("signs with the first of 2 keys and verifies what either signed", () => {
    const old = new KeyRing([key("old")]).signer;
    const next = new KeyRing([key("new")]).signer;
    const both = new KeyRing([key("new"), key("old")]);
    expect(both.signer.tag).toEqual(next.tag);
    for (const signer of [old, next]) {
      expect(signer.tag).toHaveLength(KEY_TAG_BYTES);
      expect(signer.sign(payload)).toHaveLength(MAC_BYTES);
      expect(both.verify(signer.tag, payload, signer.sign(payload))).toBe("valid");
    }
  });

  it("does not judge what a key signed that it does not have, whatever the key's name", () => {
    const ring = new KeyRing([key("mine")]);
    for (const other of [key("other"), { id: "mine", secret: key("other").secret }]) {
      const { signer } = new KeyRing([other]);
      expect(ring.verify(signer.tag, payload, signer.sign(payload))).toBe("unknown-key");
    }
  });

  it("refuses a signature by another secret behind the tag of its own key", () => {
    const ring = new KeyRing([key("mine")]);
    const signature = new KeyRing([key("other")]).signer.sign(payload);
    expect(ring.verify(ring.signer.tag, payload, signature)).toBe("forged");
  });

  it("refuses a payload of which 1 bit was changed", () => {
    const ring = new KeyRing([key("mine")]);
    const { signer } = ring;
    const signature = signer.sign(payload);
    for (let bit = 0; bit < payload.length * 8; bit += 1) {
      const changed = Buffer.from(payload);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(ring.verify(signer.tag, changed, signature)).toBe("forged");
    }
  });

  it("generates rings of which 2 never share a secret", () => {
    const [one, other] = [KeyRing.generate(), KeyRing.generate()];
    const signature = one.signer.sign(payload);
    expect(other.verify(one.signer.tag, payload, signature)).toBe("unknown-key");
    expect(other.verify(other.signer.tag, payload, signature)).toBe("forged");
  });
});
