import * as z from "zod";
import { matching, noEffect, text, url } from "./fields.ts";

/** Where a secret comes from. */
export type SecretSource =
  | { readonly kind: "value"; readonly value: string }
  /** An environment variable, which is read when the process starts. */
  | { readonly kind: "variable"; readonly name: string }
  /** A file, which is read again whenever it changes. */
  | { readonly kind: "file"; readonly path: string };

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

/** How requests to one backend are authenticated. */
export type BackendAuth =
  | {
      readonly type: "header";
      /** In lower case. */
      readonly headerName: string;
      /** What comes before the value, such as the scheme. */
      readonly prefix: string;
      readonly value: SecretSource;
    }
  | ({ readonly type: "client_credentials" } & TokenRequestSettings)
  | ({
      readonly type: "token_exchange";
      /** A URN. */
      readonly subjectTokenType: string;
      /** Where people give or renew their consent. */
      readonly loginUrl?: string;
    } & TokenRequestSettings);

const CLIENT_AUTH_METHODS = [
  "client_secret_basic",
  "client_secret_post",
  "private_key_jwt",
] as const;

export type ClientAuthMethod = (typeof CLIENT_AUTH_METHODS)[number];

/** What HTTP and MCP say in headers themselves. */
const OWN_HEADERS =
  "accept|connection|content-encoding|content-length|content-type|expect|host|keep-alive|last-event-id|mcp-[a-z-]+|proxy-connection|te|trailer|transfer-encoding|upgrade";

const headerName = matching(
  "The name of the header, such as Authorization or X-API-Key.",
  new RegExp(`^(?!(?:${OWN_HEADERS})$)[!#$%&'*+.^_\`|~0-9A-Za-z-]+$`, "i"),
  "must be the name of an HTTP header that neither HTTP nor MCP uses itself",
  "use Authorization, X-API-Key or another name that the server reads",
);

/** The value of a header as HTTP takes it: Latin-1 without control characters, and no space around it. */
export const HEADER_VALUE = /^[!-~\u00a0-\u00ff](?:[ -~\u00a0-\u00ff]*[!-~\u00a0-\u00ff])?$/;

export const HEADER_VALUE_RULE =
  "must be one line of printable characters without spaces around it";

const headerValue = (description: string) =>
  matching(
    description,
    HEADER_VALUE,
    HEADER_VALUE_RULE,
    "remove line breaks and spaces around it, or put it into a file",
  );

const variable = (description: string) =>
  matching(
    description,
    /^[A-Za-z_][A-Za-z0-9_]*$/,
    "must be the name of an environment variable",
    "write the name only, without $",
  );

const headerInjection = z.strictObject({
  headerName,
  headerValue: headerValue(
    "The value of the header. headerValueFile and headerValueEnv keep it out of this file.",
  ).optional(),
  headerValueEnv: variable(
    "The environment variable with the value of the header, read when the process starts.",
  ).optional(),
  headerValueFile: text(
    "A file with the value of the header, read again whenever it changes.",
  ).optional(),
});

const bearerToken = z.strictObject({
  token: headerValue("The token. tokenFile and tokenEnv keep it out of this file.").optional(),
  tokenEnv: variable(
    "The environment variable with the token, read when the process starts.",
  ).optional(),
  tokenFile: text(
    "A file with the token, read again whenever it changes, such as a projected service account token.",
  ).optional(),
});

const tokenRequest = {
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
  scopes: z
    .array(
      matching(
        "A scope.",
        /^[!#-[\]-~]+$/,
        "must be a scope: printable characters without spaces, quotes and backslashes",
        "write each scope as an entry of its own",
      ),
    )
    .default([])
    .describe("The scopes of the requested token."),
};

const clientCredentials = z.strictObject(tokenRequest);

const TOKEN_TYPE = "urn:ietf:params:oauth:token-type:";

const SUBJECT_TOKEN_TYPES = [
  "access_token",
  "id_token",
  "jwt",
  `${TOKEN_TYPE}access_token`,
  `${TOKEN_TYPE}id_token`,
  `${TOKEN_TYPE}jwt`,
] as const;

const tokenExchange = z.strictObject({
  ...tokenRequest,
  subjectTokenType: z
    .enum(SUBJECT_TOKEN_TYPES)
    .default("access_token")
    .describe("The type of the client's token, which is exchanged."),
  subjectProviderName: noEffect("the embedded authorization server").optional(),
  loginUrl: url(
    "A page where people log in or give their consent for the backend. Clients that can open pages are sent there when the authorization server asks for that.",
  ).optional(),
});

const TYPES = [
  "unauthenticated",
  "header_injection",
  "bearer_token",
  "client_credentials",
  "token_exchange",
] as const;

/** Which section belongs to which type of strategy. */
export const STRATEGY_SECTIONS: Readonly<Record<string, string>> = {
  header_injection: "headerInjection",
  bearer_token: "bearerToken",
  client_credentials: "clientCredentials",
  token_exchange: "tokenExchange",
};

/** How the process authenticates to one backend. */
export const strategy = z
  .strictObject({
    type: z
      .enum(TYPES)
      .describe(
        "How requests to the backend are authenticated: not at all, by a header or a bearer token of this gateway, by a token that it gets for itself, or by one that it gets for the client's token.",
      ),
    headerInjection: headerInjection.describe("With type header_injection."),
    bearerToken: bearerToken.describe("With type bearer_token."),
    clientCredentials: clientCredentials.describe("With type client_credentials."),
    tokenExchange: tokenExchange.describe("With type token_exchange."),
    upstreamInject: noEffect("the strategy upstream_inject"),
    awsSts: noEffect("the strategy aws_sts"),
    xaa: noEffect("the strategy xaa"),
    obo: noEffect("the strategy obo"),
  })
  .partial()
  .required({ type: true });

type Strategy = z.output<typeof strategy>;
type Request = z.output<typeof clientCredentials>;

/** The settings of a valid strategy; undefined where requests are not authenticated. */
export function backendAuthOf(parsed: Strategy | undefined): BackendAuth | undefined {
  switch (parsed?.type) {
    case "header_injection":
      return headerOf(parsed.headerInjection);
    case "bearer_token":
      return bearerOf(parsed.bearerToken);
    case "client_credentials":
      return (
        parsed.clientCredentials && { type: parsed.type, ...requestOf(parsed.clientCredentials) }
      );
    case "token_exchange":
      return parsed.tokenExchange && exchangeOf(parsed.tokenExchange);
    default:
      return undefined;
  }
}

/** Whether requests are authenticated as somebody: there is nothing to send for requests of the process itself. */
export function needsPrincipal(auth: BackendAuth | undefined): boolean {
  return auth?.type === "token_exchange";
}

/** Whether tokens are got, and held, for the requests. */
export function getsTokens(auth: BackendAuth | undefined): boolean {
  return auth !== undefined && auth.type !== "header";
}

/** The types of strategies that get tokens, as a configuration names them. */
export const TOKEN_STRATEGIES: readonly string[] = ["client_credentials", "token_exchange"];

/** Those of them whose tokens are for a client, so that the process has none for itself. */
export const CLIENT_STRATEGIES: readonly string[] = ["token_exchange"];

function headerOf(parsed: Strategy["headerInjection"]): BackendAuth | undefined {
  if (parsed === undefined) return undefined;
  const { headerName, headerValue, headerValueEnv, headerValueFile } = parsed;
  const value = secretOf(headerValue, headerValueEnv, headerValueFile);
  return value && { type: "header", headerName: headerName.toLowerCase(), prefix: "", value };
}

function bearerOf(parsed: Strategy["bearerToken"]): BackendAuth | undefined {
  const value = secretOf(parsed?.token, parsed?.tokenEnv, parsed?.tokenFile);
  return value && { type: "header", headerName: "authorization", prefix: "Bearer ", value };
}

function exchangeOf(parsed: NonNullable<Strategy["tokenExchange"]>): BackendAuth {
  const { subjectTokenType: short, loginUrl } = parsed;
  const subjectTokenType = short.startsWith(TOKEN_TYPE) ? short : TOKEN_TYPE + short;
  return {
    type: "token_exchange",
    ...requestOf(parsed),
    subjectTokenType,
    ...(loginUrl !== undefined && { loginUrl }),
  };
}

function requestOf(parsed: Request): TokenRequestSettings {
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

function secretOf(
  value: string | undefined,
  name: string | undefined,
  path: string | undefined,
): SecretSource | undefined {
  if (path !== undefined) return { kind: "file", path };
  if (name !== undefined) return { kind: "variable", name };
  return value === undefined ? undefined : { kind: "value", value };
}
