import { createHash } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import type { JwtSettings } from "@mcp-fleet/contract/settings";
import { errors, type JWTPayload, jwtVerify } from "jose";
import { LRUCache } from "lru-cache";
import { clock } from "../platform/clock.ts";
import { FleetError } from "../wire/fleet-error.ts";
import type { Authenticator } from "./authenticator.ts";
import type { Jwks } from "./jwks.ts";
import { ownerOf } from "./owner.ts";
import type { ProtectedResource } from "./protected-resource.ts";

export interface JwtAuthenticatorParts {
  readonly jwt: JwtSettings;
  readonly jwks: Jwks;
  readonly resource: ProtectedResource;
  /** What principals are digested with. */
  readonly ownerKey: Buffer | undefined;
}

/** Who a token speaks of, and until when that need not be looked at again. */
interface Verdict {
  readonly owner: string;
  readonly endsAtMs: number;
}

/** Signatures with a private key only: with a shared one, whoever can verify a token could write it. */
const ALGORITHMS = [
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

/** A verdict ends with its token, and before: after this long a key that the issuer withdrew is good for nothing. */
const VERDICT_MS = 300_000;

/** Verdicts kept, at about 200 bytes each: one more signature check is all that a lost one costs. */
const VERDICTS = 10_000;

const BEARER = /^Bearer +([A-Za-z0-9._~+/-]+=*)$/i;

/** Clients bring a token of one issuer, a JWT; its `iss` and `sub` are whom their sessions belong to. */
export class JwtAuthenticator implements Authenticator {
  readonly resource: ProtectedResource;
  readonly #parts: JwtAuthenticatorParts;
  /** By digest: tokens are kept no longer than the requests that bring them. */
  readonly #verdicts = new LRUCache<string, Verdict>({ max: VERDICTS });

  constructor(parts: JwtAuthenticatorParts) {
    this.#parts = parts;
    this.resource = parts.resource;
  }

  authenticate({ authorization, host }: IncomingHttpHeaders): string | Promise<string> {
    const token = BEARER.exec(authorization ?? "")?.[1];
    if (token === undefined) throw this.#refusal(host, undefined);
    const digest = createHash("sha256").update(token).digest("base64");
    const verdict = this.#verdicts.get(digest);
    if (verdict !== undefined && clock.now() < verdict.endsAtMs) return verdict.owner;
    return this.#judge(token, host).then((judged) => {
      this.#verdicts.set(digest, judged);
      return judged.owner;
    });
  }

  close(): void {
    this.#parts.jwks.close();
  }

  async #judge(token: string, host: string | undefined): Promise<Verdict> {
    const { jwt, jwks, ownerKey } = this.#parts;
    try {
      const { payload } = await jwtVerify(token, jwks.find, {
        issuer: jwt.issuer,
        audience: jwt.audience,
        algorithms: ALGORITHMS,
        clockTolerance: jwt.clockToleranceSeconds,
        requiredClaims: ["exp", "sub"],
      });
      const owner = ownerOf({ issuer: jwt.issuer, subject: subjectOf(payload) }, ownerKey);
      const expiresAtMs = ((payload.exp ?? 0) + jwt.clockToleranceSeconds) * 1000;
      return { owner, endsAtMs: Math.min(expiresAtMs, clock.now() + VERDICT_MS) };
    } catch (error) {
      if (!(error instanceof errors.JOSEError)) throw error;
      throw this.#refusal(host, faultOf(error), error);
    }
  }

  #refusal(host: string | undefined, fault: string | undefined, cause?: unknown): FleetError {
    const challenge = this.resource.challenge(host, fault);
    const message = fault === undefined ? {} : { message: fault };
    return new FleetError("UNAUTHENTICATED", { challenge, cause, ...message });
  }
}

function subjectOf(payload: JWTPayload): string {
  if (typeof payload.sub === "string" && payload.sub !== "") return payload.sub;
  throw new errors.JWTClaimValidationFailed("sub is no text", payload, "sub", "check_failed");
}

/** What a client is told about its token: never a value of it. */
function faultOf(error: InstanceType<typeof errors.JOSEError>): string {
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
