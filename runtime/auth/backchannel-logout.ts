import { createHash } from "node:crypto";
import { isSection } from "@mcp-fleet/contract";
import { decodeJwt, errors, jwtVerify } from "jose";
import { clock } from "../platform/clock.ts";
import { ownerOf } from "../sessions/principal.ts";
import { ALGORITHMS, faultOf } from "./jwt-verifier.ts";
import type { OidcIssuer } from "./oidc-issuer.ts";
import { TokenRefused } from "./token-refused.ts";

export interface BackchannelLogoutParts {
  readonly issuers: (name: string) => OidcIssuer | undefined;
  readonly clockToleranceSeconds: number;
  readonly ownerKey: Buffer | undefined;
}

/** What came of a logout token: how many sessions it ended, or why it is not accepted. */
export type LogoutOutcome =
  | { readonly issuer: string; readonly ended: number; readonly refused?: undefined }
  | { readonly refused: string };

/** How old a logout token may be, beside the tolerance for clocks. */
const MAX_AGE_SECONDS = 120;

/** Logout tokens that are remembered, of some 150 bytes each: in the time for which each would be accepted again. */
const REMEMBERED = 10_000;

const EVENT = "http://schemas.openid.net/event/backchannel-logout";

/** What issuers say of users who have logged out (OpenID Connect Back-Channel Logout). */
export class BackchannelLogout {
  readonly #parts: BackchannelLogoutParts;
  /** Until when each is remembered, in the order in which they came. */
  readonly #used = new Map<string, number>();

  constructor(parts: BackchannelLogoutParts) {
    this.#parts = parts;
  }

  /**
   * Ends the sessions that a logout token is about. A token is used once they have ended: its issuer may send it again
   * where that failed.
   *
   * @throws JWKS_UNAVAILABLE, and what `endSessions` throws.
   */
  async logOut(
    token: string,
    endSessions: (owner: string) => Promise<number>,
  ): Promise<LogoutOutcome> {
    try {
      const { issuer, subject, id } = await this.#verify(token);
      const digest = createHash("sha256").update(id).digest("base64url");
      if (this.#isUsed(digest)) throw new TokenRefused("the token was used before");
      const ended = await endSessions(ownerOf(issuer, subject, this.#parts.ownerKey));
      this.#use(digest);
      return { issuer, ended };
    } catch (error) {
      if (!(error instanceof TokenRefused)) throw error;
      return { refused: error.message };
    }
  }

  async #verify(token: string): Promise<{ issuer: string; subject: string; id: string }> {
    const found = this.#parts.issuers(claimedIssuer(token));
    const clientId = found?.settings.clientId;
    if (found === undefined || clientId === undefined) {
      throw new TokenRefused("the token's iss is not accepted");
    }
    const { issuer, keys } = await found.signer();
    try {
      const { payload, protectedHeader } = await jwtVerify(token, keys, {
        issuer,
        audience: clientId,
        algorithms: ALGORITHMS,
        clockTolerance: this.#parts.clockToleranceSeconds,
        currentDate: new Date(clock.now()),
        maxTokenAge: MAX_AGE_SECONDS,
        requiredClaims: ["iat", "jti", "events"],
      });
      if (!/^(?:application\/)?(?:logout\+)?jwt$/i.test(protectedHeader.typ ?? "JWT")) {
        throw new TokenRefused("the token's typ is not that of a logout token");
      }
      const { sub, jti, nonce, events } = payload;
      // With a nonce, it is an ID token that somebody has turned into this.
      const isLogout = isSection(events) && isSection(events[EVENT]) && nonce === undefined;
      if (!isLogout) throw new TokenRefused("the token is not a logout token");
      if (typeof sub !== "string" || sub === "") {
        throw new TokenRefused("the token has no sub: sessions are not known by their sid");
      }
      return { issuer, subject: sub, id: JSON.stringify([issuer, jti]) };
    } catch (error) {
      if (!(error instanceof errors.JOSEError)) throw error;
      throw new TokenRefused(faultOf(error), { cause: error });
    }
  }

  #isUsed(digest: string): boolean {
    return (this.#used.get(digest) ?? 0) > clock.now();
  }

  /** The oldest give way: all that using one again does is end sessions once more. */
  #use(digest: string): void {
    const now = clock.now();
    for (const [oldest, endsAtMs] of this.#used) {
      if (endsAtMs > now && this.#used.size < REMEMBERED) break;
      this.#used.delete(oldest);
    }
    const keptSeconds = MAX_AGE_SECONDS + 2 * this.#parts.clockToleranceSeconds;
    this.#used.set(digest, now + keptSeconds * 1000);
  }
}

function claimedIssuer(token: string): string {
  try {
    return String(decodeJwt(token).iss);
  } catch (cause) {
    throw new TokenRefused("the token cannot be read", { cause });
  }
}
