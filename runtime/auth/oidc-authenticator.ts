import type { OidcSettings } from "@mcp-fleet/contract/settings";
import { decodeJwt } from "jose";
import type { Logger } from "pino";
import { BackchannelLogout } from "./backchannel-logout.ts";
import { DpopProofs } from "./dpop-proofs.ts";
import { Introspection } from "./introspection.ts";
import { verifyJwt } from "./jwt-verifier.ts";
import { OidcIssuer } from "./oidc-issuer.ts";
import { ProtectedResource } from "./protected-resource.ts";
import { TokenAuthenticator } from "./token-authenticator.ts";
import { TokenRefused } from "./token-refused.ts";
import type { TokenSource, VerifiedToken } from "./token-source.ts";

export interface OidcOptions {
  readonly oidc: OidcSettings;
  /** What the resource is called. */
  readonly name: string;
  /** Where the MCP endpoint is. */
  readonly path: string;
  readonly ownerKey: Buffer | undefined;
  readonly log: Logger;
}

/**
 * Clients bring a token of one of several issuers, which are asked for their keys or for what a token is.
 *
 * @throws {ConfigError} when a secret or CA certificates cannot be read.
 */
export function openOidcAuthenticator({ oidc, name, path, ownerKey, log }: OidcOptions) {
  const issuers = oidc.issuers.map((settings) => new OidcIssuer(settings, log));
  const source = new OidcTokens(oidc, issuers, log);
  const { resource, scopes, requiredScopes, dpopRequired, cacheBytes } = oidc;
  const { clockToleranceSeconds, backchannelLogout } = oidc;
  for (const issuer of issuers) issuer.start();
  const names = oidc.issuers.map(({ issuer }) => issuer);
  return new TokenAuthenticator({
    source,
    resource: new ProtectedResource({ issuers: names, resource, scopes, dpopRequired }, name, path),
    ownerKey,
    requiredScopes,
    cacheBytes,
    proofs: new DpopProofs(clockToleranceSeconds, cacheBytes),
    dpopRequired,
    ...(backchannelLogout && {
      logout: new BackchannelLogout({
        issuers: (issuer) => source.issuer(issuer),
        clockToleranceSeconds,
        ownerKey,
      }),
    }),
  });
}

/** Tokens of several issuers: a JWT says whose it is, everything else is introspected at the one that does so. */
class OidcTokens implements TokenSource {
  readonly #oidc: OidcSettings;
  readonly #issuers: ReadonlyMap<string, OidcIssuer>;
  readonly #introspection: Introspection | undefined;

  constructor(oidc: OidcSettings, issuers: readonly OidcIssuer[], log: Logger) {
    this.#oidc = oidc;
    this.#issuers = new Map(issuers.map((issuer) => [nameOf(issuer.settings.issuer), issuer]));
    const introspecting = issuers.find(
      ({ settings: { introspectionUrl, clientSecretEnv, clientSecretFile } }) =>
        (introspectionUrl ?? clientSecretEnv ?? clientSecretFile) !== undefined,
    );
    if (introspecting !== undefined) {
      this.#introspection = new Introspection(introspecting, oidc.clockToleranceSeconds, log);
    }
  }

  issuer(name: string): OidcIssuer | undefined {
    return this.#issuers.get(nameOf(name));
  }

  async verify(token: string): Promise<VerifiedToken> {
    const claimed = claimedIssuer(token);
    if (claimed !== undefined) return await this.#verifyJwt(token, claimed);
    if (this.#introspection === undefined) throw new TokenRefused("the token cannot be read");
    return await this.#introspection.verify(token);
  }

  close(): void {
    this.#introspection?.close();
    for (const issuer of this.#issuers.values()) issuer.close();
  }

  async #verifyJwt(token: string, claimed: string): Promise<VerifiedToken> {
    const { clockToleranceSeconds, tokenType } = this.#oidc;
    // Its keys and its audience count from here on, and no other issuer's.
    const found = this.issuer(claimed);
    if (found === undefined) throw new TokenRefused("the token's iss is not accepted");
    const { audience } = found.settings;
    const { issuer, keys } = await found.signer();
    return await verifyJwt(token, { issuer, audience, keys, clockToleranceSeconds, tokenType });
  }
}

/** Whose a JWT says it is, before anything of it is verified; undefined for what is none. */
function claimedIssuer(token: string): string | undefined {
  try {
    return String(decodeJwt(token).iss);
  } catch {
    return undefined;
  }
}

/** Of the names of an issuer that differ in nothing but a slash behind the host, the same one. */
function nameOf(issuer: string): string {
  return URL.canParse(issuer) ? new URL(issuer).href : issuer;
}
