import { type JwtSettings, TOKEN_CACHE_BYTES } from "@mcp-fleet/contract/settings";
import type { Logger } from "pino";
import { DpopProofs } from "./dpop-proofs.ts";
import { Jwks } from "./jwks.ts";
import { verifyJwt } from "./jwt-verifier.ts";
import { ProtectedResource } from "./protected-resource.ts";
import { TokenAuthenticator } from "./token-authenticator.ts";

export interface JwtOptions {
  readonly jwt: JwtSettings;
  /** What the resource is called. */
  readonly name: string;
  /** Where the MCP endpoint is. */
  readonly path: string;
  readonly ownerKey: Buffer | undefined;
  readonly log: Logger;
}

/**
 * Clients bring a token of one issuer, whose keys are given.
 *
 * @throws {ConfigError} when `jwks` cannot be used.
 */
export function openJwtAuthenticator({ jwt, name, path, ownerKey, log }: JwtOptions) {
  const { issuer, audience, clockToleranceSeconds, resource } = jwt;
  const jwks = new Jwks(jwt.jwks, log);
  const rules = {
    issuer,
    audience,
    clockToleranceSeconds,
    tokenType: "any",
    keys: jwks.find,
  } as const;
  return new TokenAuthenticator({
    source: { verify: (token) => verifyJwt(token, rules), close: () => jwks.close() },
    resource: new ProtectedResource({ issuers: [issuer], resource, scopes: [] }, name, path),
    ownerKey,
    requiredScopes: [],
    proofs: new DpopProofs(clockToleranceSeconds, TOKEN_CACHE_BYTES),
    cacheBytes: TOKEN_CACHE_BYTES,
  });
}
