import * as z from "zod";
import { type AwsStsSettings, awsSts, awsStsOf } from "./aws-sts.ts";
import { type CrossAppAccessSettings, crossAppAccessOf, xaa } from "./cross-app-access.ts";
import { matching, noEffect, text, url } from "./fields.ts";
import { type SecretSource, secretOf, variable } from "./secret-source.ts";
import {
  requestOf,
  subjectTokenType,
  type TokenRequestSettings,
  tokenRequest,
  tokenTypeUrn,
} from "./token-request.ts";

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
    } & TokenRequestSettings)
  | ({ readonly type: "aws_sts" } & AwsStsSettings)
  | ({ readonly type: "xaa" } & CrossAppAccessSettings);

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

const clientCredentials = z.strictObject(tokenRequest);

const tokenExchange = z.strictObject({
  ...tokenRequest,
  subjectTokenType,
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
  "aws_sts",
  "xaa",
] as const;

/** Which section belongs to which type of strategy. */
export const STRATEGY_SECTIONS: Readonly<Record<string, string>> = {
  header_injection: "headerInjection",
  bearer_token: "bearerToken",
  client_credentials: "clientCredentials",
  token_exchange: "tokenExchange",
  aws_sts: "awsSts",
  xaa: "xaa",
};

/** How the process authenticates to one backend. */
export const strategy = z
  .strictObject({
    type: z
      .enum(TYPES)
      .describe(
        "How requests to the backend are authenticated: not at all, by a header or a bearer token of this gateway, by a token that it gets for itself, by one that it gets for the client's token, or by signatures with credentials of AWS.",
      ),
    headerInjection: headerInjection.describe("With type header_injection."),
    bearerToken: bearerToken.describe("With type bearer_token."),
    clientCredentials: clientCredentials.describe("With type client_credentials."),
    tokenExchange: tokenExchange.describe("With type token_exchange."),
    upstreamInject: noEffect("the strategy upstream_inject"),
    awsSts: awsSts.describe("With type aws_sts."),
    xaa: xaa.describe("With type xaa."),
    obo: noEffect("the strategy obo"),
  })
  .partial()
  .required({ type: true });

type Strategy = z.output<typeof strategy>;

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
    case "aws_sts":
      return parsed.awsSts && { type: parsed.type, ...awsStsOf(parsed.awsSts) };
    case "xaa":
      return parsed.xaa && { type: parsed.type, ...crossAppAccessOf(parsed.xaa) };
    default:
      return undefined;
  }
}

/** Whether requests are authenticated as somebody: there is nothing to send for requests of the process itself. */
export function needsPrincipal(auth: BackendAuth | undefined): boolean {
  switch (auth?.type) {
    case "token_exchange":
    case "xaa":
      return true;
    case "aws_sts":
      return auth.webIdentityToken === undefined;
    default:
      return false;
  }
}

/** Whether tokens are got, and held, for the requests. */
export function getsTokens(auth: BackendAuth | undefined): boolean {
  return auth !== undefined && auth.type !== "header";
}

/** The types of strategies that get tokens, as a configuration names them. */
export const TOKEN_STRATEGIES: readonly string[] = [
  "client_credentials",
  "token_exchange",
  "aws_sts",
  "xaa",
];

/** Those of them whose tokens are for a client, so that the process has none for itself; `aws_sts` may have one of its own. */
export const CLIENT_STRATEGIES: readonly string[] = ["token_exchange", "aws_sts", "xaa"];

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
  const { loginUrl } = parsed;
  return {
    type: "token_exchange",
    ...requestOf(parsed),
    subjectTokenType: tokenTypeUrn(parsed.subjectTokenType),
    ...(loginUrl !== undefined && { loginUrl }),
  };
}
