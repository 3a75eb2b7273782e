import { createHmac } from "node:crypto";

/** Whoever holds an id may use it: there are no principals to bind sessions to. */
export const ANONYMOUS = "anonymous";

/** Who a token speaks of, in the words of OAuth. */
export interface Principal {
  readonly issuer: string;
  readonly subject: string;
}

/**
 * What a record says of a principal: a keyed digest, so that nobody reads from a store whose sessions it holds.
 *
 * The key is none of the key ring: those come and go, and with them every session would lose its owner. It is
 * the operator's owner key, which is never rotated; without one, a constant takes its place, and the digest hides
 * only subjects that cannot be guessed. The session id as the key would need no secret of the operator, but then
 * no two digests of a principal would be equal, and its sessions could not be counted.
 */
export function ownerOf({ issuer, subject }: Principal, ownerKey: Buffer | undefined): string {
  return createHmac("sha256", ownerKey ?? "mcp-fleet owner")
    .update(JSON.stringify([issuer, subject]))
    .digest("base64url");
}
