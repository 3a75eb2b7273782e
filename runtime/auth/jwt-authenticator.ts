import { createHash } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import type { JwtSettings } from "@mcp-fleet/contract/settings";
import { errors, type JWTPayload, jwtVerify } from "jose";
import { LRUCache } from "lru-cache";
import type { Logger } from "pino";
import { clock } from "../platform/clock.ts";
import { ownerOf, type Principal } from "../sessions/principal.ts";
import { FleetError } from "../wire/fleet-error.ts";
import type { Authenticator } from "./authenticator.ts";
import { Jwks } from "./jwks.ts";

import { ProtectedResource } from "./protected-resource.ts";

export interface JwtAuthenticatorParts {
  readonly jwt: JwtSettings;
  readonly jwks: Jwks;
  readonly resource: ProtectedResource;
  /** What principals are digested with. */
  readonly ownerKey: Buffer | undefined;
}

export interface JwtOptions {
  readonly jwt: JwtSettings;
  /** What the resource is called. */
  readonly name: string;
  /** Where the MCP endpoint is. */
  readonly path: string;
  readonly ownerKey: Buffer | undefined;
  readonly log: Logger;
}

/** @throws {ConfigError} when `jwks` cannot be used. */
export function openJwtAuthenticator({ jwt, name, path, ownerKey, log }: JwtOptions) {
  const resource = new ProtectedResource(jwt, name, path);
  return new JwtAuthenticator({ jwt, jwks: new Jwks(jwt.jwks, log), resource, ownerKey });
}

/** Who a token speaks of, and until when that need not be looked at again. */
interface CachedPrincipal {
  readonly principal: Principal;
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

/** A cached principal ends with its token, and before: after this long a key that the issuer withdrew is good for nothing. */
const CACHED_MS = 300_000;

/** Principals kept: one more signature check is all that a lost one costs. */
const CACHED_PRINCIPALS = 10_000;

const BEARER = /^Bearer +([A-Za-z0-9._~+/-]+=*)$/i;

/** Clients bring a token of one issuer, a JWT; its `iss` and `sub` are whom their sessions belong to. */
export class JwtAuthenticator implements Authenticator {
  readonly resource: ProtectedResource;
  readonly #parts: JwtAuthenticatorParts;
  /** By digest: tokens are kept no longer than the requests that bring them. */
  readonly #cached = new LRUCache<string, CachedPrincipal>({ max: CACHED_PRINCIPALS });

  constructor(parts: JwtAuthenticatorParts) {
    this.#parts = parts;
    this.resource = parts.resource;
  }

  authenticate({ authorization, host }: IncomingHttpHeaders): Principal | Promise<Principal> {
    const token = BEARER.exec(authorization ?? "")?.[1];
    if (token === undefined) throw this.#refusal(host, undefined);
    const digest = createHash("sha256").update(token).digest("base64");
    const cached = this.#cached.get(digest);
    if (cached !== undefined && clock.now() < cached.endsAtMs) return cached.principal;
    return this.#verify(token, host).then((verified) => {
      this.#cached.set(digest, verified);
      return verified.principal;
    });
  }

  close(): void {
    this.#parts.jwks.close();
  }

  async #verify(token: string, host: string | undefined): Promise<CachedPrincipal> {
    const { jwt, jwks, ownerKey } = this.#parts;
    try {
      const { payload } = await jwtVerify(token, jwks.find, {
        issuer: jwt.issuer,
        audience: jwt.audience,
        algorithms: ALGORITHMS,
        clockTolerance: jwt.clockToleranceSeconds,
        requiredClaims: ["exp", "sub"],
      });
      const { issuer } = jwt;
      const subject = subjectOf(payload);
      const owner = ownerOf(issuer, subject, ownerKey);
      const principal = { issuer, subject, claims: payload, owner };
      const expiresAtMs = ((payload.exp ?? 0) + jwt.clockToleranceSeconds) * 1000;
      return { principal, endsAtMs: Math.min(expiresAtMs, clock.now() + CACHED_MS) };
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
  throw new errors.JWTClaimValidationFailed("sub must be text", payload, "sub", "check_failed");
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
