import { createHash } from "node:crypto";
import { calculateJwkThumbprint, EmbeddedJWK, errors, jwtVerify } from "jose";
import { clock } from "../platform/clock.ts";
import { FleetError } from "../wire/fleet-error.ts";
import { PROOF_ALGORITHMS } from "./protected-resource.ts";
import { TokenRefused } from "./token-refused.ts";

/** What a proof has to be about. */
export interface BoundRequest {
  /** The thumbprint of the key that the token is bound to. */
  readonly key: string;
  /** The digest of the token, in base64url. */
  readonly digest: string;
  readonly method: string | undefined;
  /** The URLs by which the request may have been sent. */
  readonly urls: readonly string[];
}

/** How old a proof may be, beside the tolerance for clocks. */
const MAX_AGE_SECONDS = 60;

/** What remembering a proof takes. */
const PROOF_BYTES = 160;

/**
 * Proofs that a client has the key that its token is bound to (RFC 9449): each is good for one request.
 *
 * Every process remembers those that it has seen, for as long as they would be accepted again. A call waits for no
 * store, so that a proof that somebody has copied together with its token may be used once at each other process,
 * within that time.
 */
export class DpopProofs {
  readonly #clockToleranceSeconds: number;
  readonly #maxProofs: number;
  /** Until when each is remembered, in the order in which they came. */
  readonly #used = new Map<string, number>();

  /** @param cacheBytes of memory for what is remembered; with no room for one more, requests are refused. */
  constructor(clockToleranceSeconds: number, cacheBytes: number) {
    this.#clockToleranceSeconds = clockToleranceSeconds;
    this.#maxProofs = Math.floor(cacheBytes / PROOF_BYTES);
  }

  /** @throws {TokenRefused}, RATE_LIMITED. */
  async check(proof: string | string[] | undefined, bound: BoundRequest): Promise<void> {
    if (typeof proof !== "string") {
      throw refused(
        proof === undefined ? "the DPoP header is missing" : "there is more than one proof",
      );
    }
    const id = await this.#verify(proof, bound).catch((error: unknown) => {
      if (!(error instanceof errors.JOSEError)) throw error;
      throw refused("the proof cannot be verified", error);
    });
    this.#use(createHash("sha256").update(`${bound.key} ${id}`).digest("base64url"));
  }

  /** The proof's id. */
  async #verify(proof: string, { key, digest, method, urls }: BoundRequest): Promise<string> {
    const { payload, protectedHeader } = await jwtVerify(proof, EmbeddedJWK, {
      typ: "dpop+jwt",
      algorithms: PROOF_ALGORITHMS,
      maxTokenAge: MAX_AGE_SECONDS,
      clockTolerance: this.#clockToleranceSeconds,
      currentDate: new Date(clock.now()),
      requiredClaims: ["jti", "htm", "htu", "iat", "ath"],
    });
    const { jwk } = protectedHeader;
    if (jwk === undefined || "d" in jwk || (await calculateJwkThumbprint(jwk)) !== key) {
      throw refused("the proof is not of the key that the token is bound to");
    }
    if (payload.ath !== digest) throw refused("the proof is not for this token");
    if (payload.htm !== method) throw refused("the proof is not for this method");
    if (!urls.includes(withoutQuery(payload.htu))) throw refused("the proof is not for this URL");
    if (typeof payload.jti !== "string" || payload.jti === "") throw refused("the proof has no id");
    return payload.jti;
  }

  #use(proof: string): void {
    const now = clock.now();
    for (const [oldest, endsAtMs] of this.#used) {
      if (endsAtMs > now) break;
      this.#used.delete(oldest);
    }
    if (this.#used.has(proof)) throw refused("the proof was used before");
    // Forgetting one instead would have it accepted again.
    if (this.#used.size >= this.#maxProofs) throw new FleetError("RATE_LIMITED");
    const keptSeconds = MAX_AGE_SECONDS + 2 * this.#clockToleranceSeconds;
    this.#used.set(proof, now + keptSeconds * 1000);
  }
}

function refused(message: string, cause?: unknown): TokenRefused {
  return new TokenRefused(message, { code: "invalid_dpop_proof", cause });
}

function withoutQuery(url: unknown): string {
  if (typeof url !== "string" || !URL.canParse(url)) return "";
  const { origin, pathname } = new URL(url);
  return origin + pathname;
}
