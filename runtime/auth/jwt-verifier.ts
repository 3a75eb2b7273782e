import {
  errors,
  type JWTHeaderParameters,
  type JWTPayload,
  type JWTVerifyGetKey,
  jwtVerify,
} from "jose";
import { clock } from "../platform/clock.ts";
import { TokenRefused } from "./token-refused.ts";
import type { VerifiedToken } from "./token-source.ts";

/** What a JWT is judged by. */
export interface JwtRules {
  readonly issuer: string;
  readonly audience: string;
  readonly clockToleranceSeconds: number;
  readonly tokenType: "any" | "at+jwt";
  readonly keys: JWTVerifyGetKey;
}

/** Signatures with a private key only: with a shared one, whoever can verify a token could write it. */
export const ALGORITHMS = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
  "Ed25519",
];

/** After this long a key that the issuer withdrew is good for nothing. */
const CACHED_MS = 300_000;

/** The `typ` headers of access tokens: JWT and none are those of other tokens too. */
const ACCESS_TOKEN = /^(?:application\/)?at\+jwt$/i;
const ANY_TOKEN = /^(?:application\/)?(?:at\+)?jwt$/i;

/** Claims that issuers write into ID tokens alone, and into what they send to one another. */
const FOREIGN_CLAIMS = ["at_hash", "c_hash", "s_hash", "nonce", "events"];

/**
 * An access token of one issuer, as a JWT.
 *
 * @throws {TokenRefused}, and what finding the key throws.
 */
export async function verifyJwt(token: string, rules: JwtRules): Promise<VerifiedToken> {
  const { issuer, clockToleranceSeconds } = rules;
  try {
    const { payload, protectedHeader } = await jwtVerify(token, rules.keys, {
      issuer,
      audience: rules.audience,
      algorithms: ALGORITHMS,
      clockTolerance: clockToleranceSeconds,
      currentDate: new Date(clock.now()),
      requiredClaims: ["exp", "sub"],
    });
    requireAccessToken(protectedHeader, payload, rules.tokenType);
    const expiresAtMs = ((payload.exp ?? 0) + clockToleranceSeconds) * 1000;
    return {
      issuer,
      subject: subjectOf(payload),
      claims: payload,
      expiresAtMs,
      goodUntilMs: Math.min(expiresAtMs, clock.now() + CACHED_MS),
    };
  } catch (error) {
    if (!(error instanceof errors.JOSEError)) throw error;
    throw new TokenRefused(faultOf(error), { cause: error });
  }
}

/** An issuer signs other things for the same audience, with the same keys. */
function requireAccessToken(
  { typ }: JWTHeaderParameters,
  payload: JWTPayload,
  tokenType: JwtRules["tokenType"],
): void {
  if (ACCESS_TOKEN.test(typ ?? "")) return;
  if (tokenType === "at+jwt" || !ANY_TOKEN.test(typ ?? "JWT")) {
    throw new TokenRefused("the token's typ is not that of an access token");
  }
  // Keycloak says in a claim what a token is.
  const isSaid = payload.typ === "Bearer" || payload.typ === "DPoP";
  const isOther = payload.typ !== undefined && !isSaid;
  if (isOther || (!isSaid && FOREIGN_CLAIMS.some((claim) => payload[claim] !== undefined))) {
    throw new TokenRefused("the token is not an access token");
  }
}

function subjectOf(payload: JWTPayload): string {
  if (typeof payload.sub === "string" && payload.sub !== "") return payload.sub;
  throw new errors.JWTClaimValidationFailed("sub must be text", payload, "sub", "check_failed");
}

/** What a client is told about its token: never a value of it. */
export function faultOf(error: InstanceType<typeof errors.JOSEError>): string {
  if (error instanceof errors.JWTExpired) return "the token has expired";
  if (error instanceof errors.JWTClaimValidationFailed) {
    return `the token's ${error.claim} is not accepted`;
  }
  if (error instanceof errors.JOSEAlgNotAllowed) return "the token's algorithm is not accepted";
  if (error instanceof errors.JWKSNoMatchingKey) return "the issuer has no such key";
  if (error instanceof errors.JWSSignatureVerificationFailed) {
    return "the token's signature is not the issuer's";
  }
  return "the token cannot be read";
}
