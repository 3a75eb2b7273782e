import { createHmac } from "node:crypto";

/** Who calls, in the words of OAuth. */
export interface Principal {
  /** Undefined for `anonymous`: nobody vouches for whoever calls. */
  readonly issuer?: string;
  readonly subject: string;
  /** What the issuer says of the subject, as its token says it. Empty for `anonymous`. */
  readonly claims: Readonly<Record<string, unknown>>;
  /** Whom the principal's sessions belong to: what a record says of it. */
  readonly owner: string;
  /** When the credential of the request ends; absent where it does not. */
  readonly expiresAtMs?: number;
}

/** Everybody who reaches the port: whoever holds a session's id has the session. */
export const ANONYMOUS: Principal = { subject: "anonymous", claims: {}, owner: "anonymous" };

/**
 * What a record says of a principal: a keyed digest, so that nobody reads from a store whose sessions it holds.
 *
 * The key is none of the key ring: those come and go, and with them every session would lose its owner. It is
 * the operator's owner key, which is never rotated; without one, a constant takes its place, and the digest hides
 * only subjects that cannot be guessed. The session id as the key would need no secret of the operator, but then
 * no two digests of a principal would be equal, and its sessions could not be counted.
 */
export function ownerOf(issuer: string, subject: string, ownerKey: Buffer | undefined): string {
  return createHmac("sha256", ownerKey ?? "mcp-fleet owner")
    .update(JSON.stringify([issuer, subject]))
    .digest("base64url");
}
