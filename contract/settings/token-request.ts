import * as z from "zod";
import { matching, text, url } from "./fields.ts";
import { type SecretSource, secretOf, variable } from "./secret-source.ts";

/** How the process authenticates as a client of an authorization server, and what it asks there. */
export interface TokenRequestSettings {
  readonly tokenUrl: string;
  /** Absent: `tokenUrl` stands for it. */
  readonly issuer?: string;
  /** Absent: the request carries no client authentication. */
  readonly client?: {
    readonly id: string;
    readonly method: ClientAuthMethod;
    /** The client secret; with `private_key_jwt`, the private key in PEM. Absent: a public client. */
    readonly secret?: SecretSource;
  };
  readonly audience?: string;
  readonly resource?: string;
  readonly scopes: readonly string[];
}

const CLIENT_AUTH_METHODS = [
  "client_secret_basic",
  "client_secret_post",
  "private_key_jwt",
] as const;

export type ClientAuthMethod = (typeof CLIENT_AUTH_METHODS)[number];

/** The scopes of a requested token. */
export const scopes = z
  .array(
    matching(
      "A scope.",
      /^[!#-[\]-~]+$/,
      "must be a scope: printable characters without spaces, quotes and backslashes",
      "write each scope as an entry of its own",
    ),
  )
  .default([])
  .describe("The scopes of the requested token.");

/** The fields of a strategy that asks one authorization server for tokens. */
export const tokenRequest = {
  tokenUrl: url("The token endpoint of the authorization server."),
  insecureAllowHttp: z
    .boolean()
    .default(false)
    .describe(
      "Allows tokenUrl to be http on another host than this one. Secrets and tokens can then be read on the way.",
    ),
  issuer: url(
    "The issuer identifier of the authorization server, for which the JWTs of private_key_jwt are made. Absent: tokenUrl.",
  ).optional(),
  clientId: text("The client id of this gateway at the authorization server.").optional(),
  clientAuth: z
    .enum(CLIENT_AUTH_METHODS)
    .default("client_secret_basic")
    .describe(
      "How the gateway authenticates there: with its client secret in the Authorization header or in the body, or with a JWT that it signs.",
    ),
  clientSecret: text(
    "The client secret. clientSecretFile and clientSecretEnv keep it out of this file.",
  ).optional(),
  clientSecretEnv: variable(
    "The environment variable with the client secret, read when the process starts.",
  ).optional(),
  clientSecretFile: text(
    "A file with the client secret, read again whenever it changes.",
  ).optional(),
  privateKeyFile: text(
    "A PEM file (PKCS #8) with the private key for private_key_jwt, read again whenever it changes: RSA, P-256 or Ed25519.",
  ).optional(),
  audience: text("The audience of the requested token.").optional(),
  resource: url(
    "The resource of the requested token (RFC 8707), such as the URL of the backend.",
  ).optional(),
  scopes,
};

const TOKEN_TYPE = "urn:ietf:params:oauth:token-type:";

const SUBJECT_TOKEN_TYPES = [
  "access_token",
  "id_token",
  "jwt",
  `${TOKEN_TYPE}access_token`,
  `${TOKEN_TYPE}id_token`,
  `${TOKEN_TYPE}jwt`,
] as const;

/** The type of the client's token, by its short name or as a URN. */
export const subjectTokenType = z
  .enum(SUBJECT_TOKEN_TYPES)
  .default("access_token")
  .describe("The type of the client's token, which is exchanged.");

/** ToolHive's name of a provider whose tokens are exchanged. */
export const subjectProviderName = matching(
  "Must be absent or empty: there is no authorization server that keeps the tokens of a provider.",
  /^$/,
  "is not supported: there is no authorization server, so there are no tokens of its providers",
  "remove it; the client's own token is exchanged",
).optional();

/** The URN of a type of tokens. */
export function tokenTypeUrn(short: string): string {
  return short.startsWith(TOKEN_TYPE) ? short : TOKEN_TYPE + short;
}

const parsedRequest = z.strictObject(tokenRequest);

/** The settings of a valid request. */
export function requestOf(parsed: z.output<typeof parsedRequest>): TokenRequestSettings {
  const { tokenUrl, issuer, clientId, clientAuth, audience, resource, scopes } = parsed;
  const { clientSecret, clientSecretEnv, clientSecretFile, privateKeyFile } = parsed;
  const secret =
    clientAuth === "private_key_jwt"
      ? secretOf(undefined, undefined, privateKeyFile)
      : secretOf(clientSecret, clientSecretEnv, clientSecretFile);
  return {
    tokenUrl,
    ...(issuer !== undefined && { issuer }),
    ...(clientId !== undefined && {
      client: { id: clientId, method: clientAuth, ...(secret && { secret }) },
    }),
    ...(audience !== undefined && { audience }),
    ...(resource !== undefined && { resource }),
    scopes,
  };
}
