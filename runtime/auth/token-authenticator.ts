import { createHash } from "node:crypto";
import { LRUCache } from "lru-cache";
import { SingleFlight } from "../async/single-flight.ts";
import { clock } from "../platform/clock.ts";
import { ownerOf, type Principal } from "../sessions/principal.ts";
import { FleetError } from "../wire/fleet-error.ts";
import type { Authenticator, Presented } from "./authenticator.ts";
import type { BackchannelLogout } from "./backchannel-logout.ts";
import type { DpopProofs } from "./dpop-proofs.ts";
import type { ProtectedResource } from "./protected-resource.ts";
import { TokenRefused } from "./token-refused.ts";
import { boundKey, scopesOf, type TokenSource, type VerifiedToken } from "./token-source.ts";

export interface TokenAuthenticatorParts {
  readonly source: TokenSource;
  readonly resource: ProtectedResource;
  /** What principals are digested with. */
  readonly ownerKey: Buffer | undefined;
  /** The scopes that every token must have. */
  readonly requiredScopes: readonly string[];
  /** The maximum size of the verified tokens that are remembered. */
  readonly cacheBytes: number;
  readonly proofs: DpopProofs;
  /** Whether every token must be bound to a key. */
  readonly dpopRequired?: boolean;
  readonly logout?: BackchannelLogout | undefined;
}

/** Whom a token speaks of, and what has to be seen beside it. */
interface KnownToken {
  readonly principal: Principal;
  readonly goodUntilMs: number;
  readonly boundKey: string | undefined;
  readonly lacksScope: boolean;
}

const AUTHORIZATION = /^(Bearer|DPoP) +([A-Za-z0-9._~+/-]+=*)$/i;

/** What a token takes beside its claims, and how much its claims take of memory for each of its own characters. */
const ENTRY_BYTES = 512;
const BYTES_PER_CHARACTER = 4;

/** Clients bring a token; its issuer and subject are whom their sessions belong to. */
export class TokenAuthenticator implements Authenticator {
  readonly resource: ProtectedResource;
  readonly logout: BackchannelLogout | undefined;
  readonly #parts: TokenAuthenticatorParts;
  /** By digest: tokens are kept no longer than the requests that bring them. One that is lost is judged once more. */
  readonly #known: LRUCache<string, KnownToken>;
  readonly #verifying = new SingleFlight<string, KnownToken>();

  constructor(parts: TokenAuthenticatorParts) {
    this.#parts = parts;
    this.resource = parts.resource;
    this.logout = parts.logout;
    this.#known = new LRUCache({ maxSize: parts.cacheBytes });
  }

  authenticate(request: Presented): Principal | Promise<Principal> {
    const { authorization, host } = request.headers;
    const [, scheme = "", token] = AUTHORIZATION.exec(authorization ?? "") ?? [];
    if (token === undefined) throw this.#unauthenticated(host, undefined);
    const digest = createHash("sha256").update(token).digest("base64url");
    const presented = { request, digest, isBearer: scheme.toLowerCase() === "bearer" };
    const known = this.#known.get(digest);
    if (known !== undefined && clock.now() < known.goodUntilMs) {
      return this.#admit(known, presented);
    }
    return this.#verifying
      .run(digest, () => this.#verify(token, digest))
      .then((verified) => this.#admit(verified, presented))
      .catch((error: unknown) => {
        throw error instanceof TokenRefused ? this.#unauthenticated(host, error) : error;
      });
  }

  close(): void {
    this.#parts.source.close();
  }

  async #verify(token: string, digest: string): Promise<KnownToken> {
    const { source, ownerKey, requiredScopes } = this.#parts;
    const verified = await source.verify(token);
    const { issuer, subject, claims, expiresAtMs, goodUntilMs } = verified;
    const scopes = scopesOf(claims);
    const known = {
      principal: {
        issuer,
        subject,
        claims,
        owner: ownerOf(issuer, subject, ownerKey),
        expiresAtMs,
      },
      goodUntilMs,
      boundKey: this.#boundKey(verified),
      lacksScope: !requiredScopes.every((scope) => scopes.has(scope)),
    };
    this.#known.set(digest, known, { size: ENTRY_BYTES + token.length * BYTES_PER_CHARACTER });
    return known;
  }

  #boundKey({ claims }: VerifiedToken): string | undefined {
    const { cnf } = claims;
    const key = boundKey(claims);
    // What it is bound to instead, such as a certificate, nobody here can see.
    if (cnf !== undefined && key === undefined) {
      throw new TokenRefused("the token is bound to what cannot be proven here");
    }
    if (key === undefined && this.#parts.dpopRequired) {
      throw new TokenRefused("the token is not bound to a key (DPoP)");
    }
    return key;
  }

  /** At once for a bearer token; a bound one needs a proof with each request. */
  #admit(
    known: KnownToken,
    presented: { request: Presented; digest: string; isBearer: boolean },
  ): Principal | Promise<Principal> {
    const { request, digest, isBearer } = presented;
    const { host } = request.headers;
    if (known.boundKey === undefined) {
      if (isBearer) return this.#withScope(known, host);
      throw this.#unauthenticated(host, new TokenRefused("the token is not bound to a key (DPoP)"));
    }
    const { proofs, resource } = this.#parts;
    if (isBearer) {
      const fault = "the token is bound to a key: it needs a proof (DPoP)";
      throw this.#unauthenticated(host, new TokenRefused(fault));
    }
    const { method } = request;
    const bound = { key: known.boundKey, digest, method, urls: resource.urls(host) };
    return proofs.check(request.headers.dpop, bound).then(
      () => this.#withScope(known, host),
      (error: unknown) => {
        throw error instanceof TokenRefused ? this.#unauthenticated(host, error) : error;
      },
    );
  }

  #withScope({ principal, lacksScope }: KnownToken, host: string | undefined): Principal {
    if (!lacksScope) return principal;
    const challenge = this.resource.challenge(host, {
      code: "insufficient_scope",
      message: "the token lacks a scope",
    });
    throw new FleetError("INSUFFICIENT_SCOPE", { challenge });
  }

  #unauthenticated(host: string | undefined, refused: TokenRefused | undefined): FleetError {
    const challenge = this.resource.challenge(host, refused);
    const message = refused === undefined ? {} : { message: refused.message };
    return new FleetError("UNAUTHENTICATED", { challenge, cause: refused?.cause, ...message });
  }
}
