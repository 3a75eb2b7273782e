import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { KeyRing } from "../../runtime/sessions/key-ring.ts";
import {
  mintSessionId,
  sessionKey,
  sessionLabel,
  verifySessionId,
} from "../../runtime/sessions/session-id.ts";

const ring = KeyRing.generate();
const mint = (owner = "anonymous") => mintSessionId(ring, owner, new Date());
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

describe("a session id", () => {
  it("has 67 visible ASCII characters, whoever owns it", () => {
    for (const owner of ["anonymous", "", "https://issuer.example\n42", "x".repeat(10_000)]) {
      expect(mint(owner)).toMatch(/^[A-Za-z0-9_-]{67}$/);
    }
  });

  it("is valid for the ring that minted it", () => {
    expect(verifySessionId(ring, mint())).toBe("valid");
  });

  it("differs 10,000 times out of 10,000 within one second for one owner", () => {
    const now = new Date();
    const ids = Array.from({ length: 10_000 }, () => mintSessionId(ring, "anonymous", now));
    expect(new Set(ids).size).toBe(10_000);
    expect(new Set(ids.map((id) => id.slice(7, 28))).size).toBe(10_000);
  });

  it("does not say whose it is", () => {
    const bytes = Buffer.from(mint("alice@example.com"), "base64url");
    expect(bytes.includes("alice")).toBe(false);
  });

  it("is never valid with any 1 of its characters replaced", () => {
    const position = fc.nat(66);
    const replacement = fc.constantFrom(...ALPHABET);
    fc.assert(
      fc.property(position, replacement, (at, character) => {
        const id = mint();
        const changed = id.slice(0, at) + character + id.slice(at + 1);
        fc.pre(changed !== id);
        expect(verifySessionId(ring, changed)).not.toBe("valid");
      }),
      { numRuns: 2000 },
    );
  });

  it("has 1 spelling: all 63 other last characters are refused", () => {
    const id = mint();
    const others = [...ALPHABET].filter((character) => character !== id.at(-1));
    const verdicts = others.map((character) => verifySessionId(ring, id.slice(0, -1) + character));
    expect(verdicts).toHaveLength(63);
    expect(verdicts).not.toContain("valid");
  });

  it("is forged where 1 bit behind the key's tag was changed", () => {
    const bytes = Buffer.from(mint(), "base64url");
    for (let at = 5; at < bytes.length; at += 1) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(verifySessionId(ring, changed.toString("base64url"))).toBe("forged");
    }
  });

  it("has an unknown key where the ring lacks the key that it names", () => {
    const other = new KeyRing([{ id: "tomorrow", secret: Buffer.alloc(32, 1) }]);
    expect(verifySessionId(ring, mintSessionId(other, "anonymous", new Date()))).toBe(
      "unknown-key",
    );
  });

  it.each([
    ["empty", ""],
    ["too short by 1", mint().slice(1)],
    ["too long by 1", `${mint()}A`],
    ["padded", `${mint().slice(1)}=`],
    ["of the other base64 alphabet", `${mint().slice(1)}+`],
    ["followed by a line break", `${mint()}\n`],
    ["of another version", `Ag${mint().slice(2)}`],
    ["a UUID", "7f1d5a52-8d3e-4c3f-9a57-1f0a1c2b3d4e"],
    ["a megabyte long", "A".repeat(1_000_000)],
  ])("is malformed when it is %s", (_, id) => {
    expect(verifySessionId(ring, id)).toBe("malformed");
  });

  it("is known to a store and to logs by digests that cannot be turned back", () => {
    const id = mint();
    expect(sessionKey(id)).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(sessionKey(mint())).not.toBe(sessionKey(id));
    expect(sessionLabel(sessionKey(id))).toHaveLength(8);
    expect(id).not.toContain(sessionLabel(sessionKey(id)));
  });
});
