import * as z from "zod";
import { bytes, formatBytes } from "../units.ts";
import { authorization } from "./authorization.ts";
import { duration, matching, size, text, url } from "./fields.ts";

/** What a process remembers of tokens by default, and as much of proofs of possession. */
export const TOKEN_CACHE_BYTES = bytes("16Mi");

const clockTolerance = duration("The maximum clock difference to the issuer.").prefault("30s");

const jwt = z.strictObject({
  issuer: url("The issuer of accepted tokens: exactly their iss claim."),
  audience: text(
    "The audience of accepted tokens, which their aud claim must contain: this gateway's name at the issuer.",
  ),
  jwks: text(
    "The issuer's public keys: the URL or the path of a JSON Web Key Set, which is reloaded when it changes.",
  ),
  clockTolerance,
  resource: url(
    "The URL of the MCP endpoint as clients use it, for the protected resource metadata that points to the issuer. Absent: http:// and the Host header of the request.",
  ).optional(),
});

/** In the characters of RFC 6749: none that could end the quoted text in which a challenge names it. */
const scope = matching(
  "A scope.",
  /^[!#-[\]-~]+$/,
  "must be one scope, without spaces, quotes and backslashes",
  "write each scope as an entry of its own",
);

const allowed = (what: string) => z.boolean().default(false).describe(what);

/** What is said of an issuer. */
const issuer = {
  issuer: url("The issuer: the iss claim of its tokens, and where its metadata is found."),
  clientId: text(
    "The client id of this gateway at the issuer, for introspection and back-channel logout.",
  ).optional(),
  clientSecretEnv: text(
    "The environment variable with the client secret, for introspection.",
  ).optional(),
  clientSecretFile: text(
    "The path of a file with the client secret, which is read again when it changes.",
  ).optional(),
  jwksUrl: url(
    "The URL of the issuer's public keys. Absent: the jwks_uri of its metadata.",
  ).optional(),
  introspectionUrl: url(
    "The URL where tokens that are no JWT are introspected. Absent: the introspection_endpoint of the issuer's metadata, if a client secret is set.",
  ).optional(),
  caBundlePath: text(
    "The path of a file with the CA certificates for requests to the issuer, instead of the system's. It is read again when it changes.",
  ).optional(),
  jwksAllowPrivateIp: allowed(
    "Whether the issuer's metadata and keys may be at private and loopback addresses, such as those of a cluster.",
  ),
  protectedResourceAllowPrivateIp: allowed(
    "The same for every request to the issuer, introspection included.",
  ),
  insecureAllowHttp: allowed(
    "Whether the issuer's URLs may be http. For development: whoever is in between can forge tokens.",
  ),
};

/** Further issuers at most: of each token, the one that its iss claim names is asked. */
const MORE_ISSUERS = 32;

const oidc = z.strictObject({
  ...issuer,
  audience: text(
    "The audience of accepted tokens, which their aud claim must contain: this gateway's name at the issuer.",
  ),
  resource: url(
    "The URL of the MCP endpoint as clients use it (RFC 8707), for the protected resource metadata and proofs of possession. Absent: audience if that is a URL, else http:// and the Host header of the request.",
  ).optional(),
  scopes: z
    .array(scope)
    .default([])
    .describe(
      "The scopes that clients are told to request. A token must have each of them, except openid, profile, email, address, phone and offline_access, which are about the user, not about access.",
    ),
  clockTolerance,
  tokenType: z
    .enum(["any", "at+jwt"])
    .default("any")
    .describe(
      "Which typ header of a JWT is accepted: at+jwt is that of an access token (RFC 9068); any also accepts JWT or none, as many issuers write it, as long as no claim says that it is an ID token.",
    ),
  dpopRequired: allowed(
    "Whether every token must be bound to a key that its client proves to have (DPoP, RFC 9449). A token that is bound is accepted with a proof only, in any case.",
  ),
  backchannelLogout: allowed(
    "Whether issuers may end a user's sessions by OpenID Connect Back-Channel Logout at /oidc/backchannel-logout. Needs clientId.",
  ),
  cacheBytes: size(
    "The maximum size of the verified tokens that the process remembers, and of as many bytes of used proofs of possession.",
    { min: 2 ** 16, max: 2 ** 29 },
  ).prefault(formatBytes(TOKEN_CACHE_BYTES)),
  moreIssuers: z
    .array(
      z.strictObject({
        ...issuer,
        audience: text("The audience of its tokens. Absent: the audience above.").optional(),
      }),
    )
    .max(MORE_ISSUERS)
    .default([])
    .describe("Further issuers whose tokens are accepted. Of all issuers, one may introspect."),
});

export const incomingAuth = z
  .strictObject({
    type: z
      .enum(["anonymous", "jwt", "oidc", "local"])
      .describe(
        "Who may call: everyone who reaches the port (anonymous), the same as the user of the machine that the process runs as (local), or clients with a token of an issuer (oidc, or jwt with its keys given).",
      ),
    jwt: jwt.describe("Which tokens are accepted, with type jwt."),
    oidc: oidc.describe("Which tokens are accepted, with type oidc."),
    authz: authorization,
  })
  .partial();

type Parsed = z.output<typeof incomingAuth>;

/** How clients authenticate with tokens whose keys are given. */
export interface JwtSettings {
  readonly issuer: string;
  readonly audience: string;
  /** A URL, or the path of a file. */
  readonly jwks: string;
  readonly clockToleranceSeconds: number;
  /** The URL of the MCP endpoint as clients use it; absent: derived from each request's Host. */
  readonly resource?: string;
}

/** An issuer whose tokens are accepted. */
export interface OidcIssuerSettings {
  readonly issuer: string;
  readonly audience: string;
  readonly clientId?: string;
  /** The name of an environment variable. */
  readonly clientSecretEnv?: string;
  readonly clientSecretFile?: string;
  readonly jwksUrl?: string;
  readonly introspectionUrl?: string;
  readonly caBundlePath?: string;
  readonly jwksAllowPrivateIp: boolean;
  readonly protectedResourceAllowPrivateIp: boolean;
  readonly insecureAllowHttp: boolean;
}

/** How clients authenticate with tokens of issuers that are asked. */
export interface OidcSettings {
  readonly issuers: readonly [OidcIssuerSettings, ...OidcIssuerSettings[]];
  /** The URL of the MCP endpoint as clients use it; absent: derived from each request's Host. */
  readonly resource?: string;
  readonly scopes: readonly string[];
  /** Those of them that every token must have. */
  readonly requiredScopes: readonly string[];
  readonly clockToleranceSeconds: number;
  readonly tokenType: "any" | "at+jwt";
  readonly dpopRequired: boolean;
  readonly backchannelLogout: boolean;
  readonly cacheBytes: number;
}

/** How clients authenticate. Absent: everyone who reaches the port may call. */
export interface IncomingAuthSettings {
  readonly jwt?: JwtSettings;
  readonly oidc?: OidcSettings;
  /** Everyone who reaches the port is the user of the machine that the process runs as. */
  readonly local?: true;
}

/** Scopes that ask an issuer for claims about the user or for a refresh token: access tokens need not have them. */
const ABOUT_USER = new Set(["openid", "profile", "email", "address", "phone", "offline_access"]);

export function incomingAuthOf(parsed: Parsed | undefined): IncomingAuthSettings {
  return {
    ...(parsed?.jwt && { jwt: jwtOf(parsed.jwt) }),
    ...(parsed?.oidc && { oidc: oidcOf(parsed.oidc) }),
    ...(parsed?.type === "local" && { local: true }),
  };
}

function jwtOf({ clockTolerance, resource, ...jwt }: NonNullable<Parsed["jwt"]>): JwtSettings {
  return {
    ...jwt,
    clockToleranceSeconds: clockTolerance,
    ...(resource !== undefined && { resource }),
  };
}

type ParsedIssuer = NonNullable<Parsed["oidc"]>["moreIssuers"][number];

function oidcOf(oidc: NonNullable<Parsed["oidc"]>): OidcSettings {
  const { audience, scopes, moreIssuers } = oidc;
  const resource = oidc.resource ?? (isUrl(audience) ? audience : undefined);
  return {
    issuers: [issuerOf(oidc, audience), ...moreIssuers.map((one) => issuerOf(one, audience))],
    ...(resource !== undefined && { resource }),
    scopes,
    requiredScopes: scopes.filter((scope) => !ABOUT_USER.has(scope)),
    clockToleranceSeconds: oidc.clockTolerance,
    tokenType: oidc.tokenType,
    dpopRequired: oidc.dpopRequired,
    backchannelLogout: oidc.backchannelLogout,
    cacheBytes: oidc.cacheBytes,
  };
}

function issuerOf(parsed: ParsedIssuer, audience: string): OidcIssuerSettings {
  const { clientId, clientSecretEnv, clientSecretFile } = parsed;
  const { jwksUrl, introspectionUrl, caBundlePath } = parsed;
  return {
    issuer: parsed.issuer,
    audience: parsed.audience ?? audience,
    ...(clientId !== undefined && { clientId }),
    ...(clientSecretEnv !== undefined && { clientSecretEnv }),
    ...(clientSecretFile !== undefined && { clientSecretFile }),
    ...(jwksUrl !== undefined && { jwksUrl }),
    ...(introspectionUrl !== undefined && { introspectionUrl }),
    ...(caBundlePath !== undefined && { caBundlePath }),
    jwksAllowPrivateIp: parsed.jwksAllowPrivateIp || parsed.protectedResourceAllowPrivateIp,
    protectedResourceAllowPrivateIp: parsed.protectedResourceAllowPrivateIp,
    insecureAllowHttp: parsed.insecureAllowHttp,
  };
}

function isUrl(text: string): boolean {
  const parsed = URL.canParse(text) ? new URL(text) : undefined;
  return parsed?.protocol === "https:" || parsed?.protocol === "http:";
}
