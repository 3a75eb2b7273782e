import { createHash } from "node:crypto";
import { ConfigError, fault } from "@mcp-fleet/contract";
import type { OidcIssuerSettings } from "@mcp-fleet/contract/settings";
import { LRUCache } from "lru-cache";
import {
  type AuthorizationServer,
  allowInsecureRequests,
  type ClientAuth,
  ClientSecretBasic,
  ClientSecretPost,
  customFetch,
  type IntrospectionResponse,
  introspectionRequest,
  None,
  processIntrospectionResponse,
} from "oauth4webapi";
import type { Logger } from "pino";
import { clock } from "../platform/clock.ts";
import { WatchedFile } from "../platform/watched-file.ts";
import { FleetError } from "../wire/fleet-error.ts";
import { IssuerClient } from "./issuer-client.ts";
import type { OidcIssuer } from "./oidc-issuer.ts";
import { TokenRefused } from "./token-refused.ts";
import type { VerifiedToken } from "./token-source.ts";

/** A token that the issuer takes back is accepted for this long at most. */
const ACTIVE_MS = 60_000;

/** A token that is not active is not asked about again for this long. */
const INACTIVE_MS = 10_000;

/** Tokens that are known not to be active, of some 200 bytes each. */
const INACTIVE_TOKENS = 10_000;

/** Tokens that are asked about at the same time: invented ones are asked about too. */
const IN_FLIGHT = 64;

/** An issuer that did not answer is left alone for this long. */
const PAUSE_MS = 2_000;

/** What the issuer of this name says of a token. */
interface Answer {
  readonly said: IntrospectionResponse;
  readonly issuer: string;
}

/** Tokens that say nothing to whoever reads them: their issuer says what they are (RFC 7662). */
export class Introspection {
  readonly #issuer: OidcIssuer;
  readonly #clockToleranceSeconds: number;
  readonly #log: Logger;
  readonly #client: IssuerClient;
  readonly #secret: () => string | undefined;
  readonly #secretFile: WatchedFile | undefined;
  readonly #inactive = new LRUCache<string, number>({ max: INACTIVE_TOKENS });
  #inFlight = 0;
  #askAgainMs = 0;
  #isAway = false;

  /** @throws {ConfigError} when the client secret or the CA certificates cannot be read. */
  constructor(issuer: OidcIssuer, clockToleranceSeconds: number, log: Logger) {
    const { settings } = issuer;
    this.#issuer = issuer;
    this.#clockToleranceSeconds = clockToleranceSeconds;
    this.#log = log.child({ issuer: settings.issuer });
    const { clientSecretFile } = settings;
    this.#secretFile = clientSecretFile === undefined ? undefined : watched(clientSecretFile, log);
    this.#secret = secretOf(settings, this.#secretFile);
    this.#client = new IssuerClient({
      allowPrivate: settings.protectedResourceAllowPrivateIp,
      allowHttp: settings.insecureAllowHttp,
      caBundlePath: settings.caBundlePath,
      log: this.#log,
    });
  }

  /** @throws {TokenRefused}, ISSUER_UNAVAILABLE, JWKS_UNAVAILABLE. */
  async verify(token: string): Promise<VerifiedToken> {
    const now = clock.now();
    const digest = createHash("sha256").update(token).digest("base64url");
    if ((this.#inactive.get(digest) ?? 0) > now) throw inactive();
    if (now < this.#askAgainMs || this.#inFlight >= IN_FLIGHT) {
      throw new FleetError("ISSUER_UNAVAILABLE");
    }
    const { said, issuer } = await this.#ask(token);
    if (!said.active) {
      this.#inactive.set(digest, clock.now() + INACTIVE_MS);
      throw inactive();
    }
    return this.#judge(said, issuer);
  }

  close(): void {
    this.#secretFile?.close();
    this.#client.close();
  }

  async #ask(token: string): Promise<Answer> {
    const { clientId = "", insecureAllowHttp } = this.#issuer.settings;
    this.#inFlight += 1;
    try {
      const server = await this.#server();
      const client = { client_id: clientId };
      const response = await introspectionRequest(server, client, this.#auth(server), token, {
        additionalParameters: { token_type_hint: "access_token" },
        [customFetch]: this.#client.fetch,
        [allowInsecureRequests]: insecureAllowHttp,
      });
      const said = await processIntrospectionResponse(server, client, response);
      if (this.#isAway) this.#log.info("the issuer introspects tokens again");
      this.#isAway = false;
      return { said, issuer: server.issuer };
    } catch (cause) {
      if (cause instanceof FleetError) throw cause;
      this.#askAgainMs = clock.now() + PAUSE_MS;
      if (!this.#isAway) {
        this.#log.error({ error: cause }, "the issuer does not introspect tokens");
      }
      this.#isAway = true;
      throw new FleetError("ISSUER_UNAVAILABLE", { cause });
    } finally {
      this.#inFlight -= 1;
    }
  }

  async #server(): Promise<AuthorizationServer> {
    const { introspectionUrl, jwksUrl, issuer } = this.#issuer.settings;
    const isGiven = introspectionUrl !== undefined && jwksUrl !== undefined;
    const server = isGiven ? { issuer } : await this.#issuer.metadata();
    return introspectionUrl === undefined
      ? server
      : { ...server, introspection_endpoint: introspectionUrl };
  }

  #auth(server: AuthorizationServer): ClientAuth {
    const secret = this.#secret();
    if (secret === undefined) return None();
    const methods = server.introspection_endpoint_auth_methods_supported;
    const isPosted =
      Array.isArray(methods) &&
      methods.includes("client_secret_post") &&
      !methods.includes("client_secret_basic");
    return isPosted ? ClientSecretPost(secret) : ClientSecretBasic(secret);
  }

  /** An active token may be another's, for another, or of another kind. */
  #judge(said: IntrospectionResponse, issuer: string): VerifiedToken {
    const { audience } = this.#issuer.settings;
    const now = clock.now();
    const toleranceMs = this.#clockToleranceSeconds * 1000;
    if (said.iss !== undefined && said.iss !== issuer) throw notAccepted("iss");
    if (![said.aud].flat().includes(audience)) throw notAccepted("aud");
    if (said.nbf !== undefined && !(said.nbf * 1000 <= now + toleranceMs)) throw notAccepted("nbf");
    const type = said.token_type?.toLowerCase();
    if (type !== undefined && type !== "bearer" && type !== "dpop") throw notAccepted("token_type");
    if (said.typ !== undefined && said.typ !== "Bearer") throw notAccepted("typ");
    const expiresAtMs =
      said.exp === undefined ? Number.POSITIVE_INFINITY : said.exp * 1000 + toleranceMs;
    if (!(expiresAtMs > now)) throw new TokenRefused("the token has expired");
    // A token of a client that acts for nobody has no subject: it is the client's.
    const subject = said.sub ?? said.client_id;
    if (typeof subject !== "string" || subject === "") throw notAccepted("sub");
    const goodUntilMs = Math.min(expiresAtMs, now + ACTIVE_MS);
    return { issuer, subject, claims: said, expiresAtMs, goodUntilMs };
  }
}

function inactive(): TokenRefused {
  return new TokenRefused("the token is not active");
}

function notAccepted(claim: string): TokenRefused {
  return new TokenRefused(`the token's ${claim} is not accepted`);
}

function watched(path: string, log: Logger): WatchedFile {
  const file = new WatchedFile(path, log);
  file.onChange(() => {});
  return file;
}

/** @throws {ConfigError} when the variable is not set. */
function secretOf(
  { clientSecretEnv }: OidcIssuerSettings,
  file: WatchedFile | undefined,
): () => string | undefined {
  if (file !== undefined) return () => file.text.trim();
  if (clientSecretEnv === undefined) return () => undefined;
  const secret = process.env[clientSecretEnv];
  if (secret !== undefined && secret !== "") return () => secret;
  const path = ["incomingAuth", "oidc", "clientSecretEnv"];
  const fix = "set the variable, or use clientSecretFile";
  throw new ConfigError([fault(path, clientSecretEnv, "a variable that is set", fix)]);
}
