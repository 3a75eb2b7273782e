import { hash } from "node:crypto";
import { random } from "../platform/random.ts";
import { KEY_TAG_BYTES, type KeyRing, MAC_BYTES } from "./key-ring.ts";

/**
 * What `Mcp-Session-Id` holds: 67 characters of base64url over
 *
 *     version 1 | key tag 4 | random 16 | issued at 5 (seconds) | owner tag 8 | MAC 16
 *
 * so that a forged id is refused without asking the store, and an id never says whose it is.
 */
const VERSION = 1;
const RANDOM_BYTES = 16;
const ISSUED_BYTES = 5;
const OWNER_TAG_BYTES = 8;
const PAYLOAD_BYTES = 1 + KEY_TAG_BYTES + RANDOM_BYTES + ISSUED_BYTES + OWNER_TAG_BYTES;
const ID_BYTES = PAYLOAD_BYTES + MAC_BYTES;
const ID_LENGTH = Math.ceil((ID_BYTES * 4) / 3);
const ID_SHAPE = new RegExp(`^[A-Za-z0-9_-]{${ID_LENGTH}}$`);

/** `malformed` and `forged` need no store to be refused; `unknown-key` does. */
export type IdVerdict = "valid" | "malformed" | "forged" | "unknown-key";

/** A new id for this owner, signed with the ring's signing key. */
export function mintSessionId(ring: KeyRing, owner: string, now: Date): string {
  const { signer } = ring;
  const payload = Buffer.alloc(PAYLOAD_BYTES);
  let offset = payload.writeUInt8(VERSION, 0);
  offset += signer.tag.copy(payload, offset);
  offset += random.bytes(RANDOM_BYTES).copy(payload, offset);
  offset = payload.writeUIntBE(Math.floor(now.getTime() / 1000), offset, ISSUED_BYTES);
  ownerTag(owner).copy(payload, offset);
  return Buffer.concat([payload, signer.sign(payload)]).toString("base64url");
}

export function verifySessionId(ring: KeyRing, id: string): IdVerdict {
  if (!ID_SHAPE.test(id)) return "malformed";
  const bytes = Buffer.from(id, "base64url");
  if (bytes.length !== ID_BYTES || bytes[0] !== VERSION) return "malformed";
  // The last character has bits to spare: only one of its spellings is ours.
  if (bytes.toString("base64url") !== id) return "malformed";
  const tag = bytes.subarray(1, 1 + KEY_TAG_BYTES);
  return ring.verify(tag, bytes.subarray(0, PAYLOAD_BYTES), bytes.subarray(PAYLOAD_BYTES));
}

/** What a store knows a session by: a digest, so that nobody who reads the store holds a credential. */
export function sessionKey(id: string): string {
  return hash("sha256", id, "base64url");
}

/** What logs and /status call a session: enough to find its lines, useless as a credential. */
export function sessionLabel(key: string): string {
  return key.slice(0, 8);
}

function ownerTag(owner: string): Buffer {
  return hash("sha256", owner, "buffer").subarray(0, OWNER_TAG_BYTES);
}
