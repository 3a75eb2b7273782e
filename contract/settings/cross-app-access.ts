import * as z from "zod";
import { text, url } from "./fields.ts";
import { secretOf, variable } from "./secret-source.ts";
import {
  scopes,
  subjectProviderName,
  subjectTokenType,
  type TokenRequestSettings,
  tokenTypeUrn,
} from "./token-request.ts";

/** How the clients' identity provider vouches for them at the authorization server of a backend. */
export interface CrossAppAccessSettings {
  /** Gives an assertion (ID-JAG) for the client's token. */
  readonly idp: TokenRequestSettings;
  /** Gives a token for the assertion. */
  readonly target: TokenRequestSettings;
  /** A URN. */
  readonly subjectTokenType: string;
  /** Where people give or renew their consent. */
  readonly loginUrl?: string;
}

/** ToolHive's `xaa`, and ours on top. */
export const xaa = z.strictObject({
  idpTokenUrl: url("The token endpoint of the clients' identity provider."),
  idpClientId: text("The client id of this gateway there.").optional(),
  idpClientSecret: text(
    "Its client secret there. idpClientSecretFile and idpClientSecretEnv keep it out of this file.",
  ).optional(),
  idpClientSecretEnv: variable(
    "The environment variable with its client secret there, read when the process starts.",
  ).optional(),
  idpClientSecretFile: text(
    "A file with its client secret there, read again whenever it changes.",
  ).optional(),
  targetTokenUrl: url("The token endpoint of the backend's authorization server."),
  insecureTargetTokenUrl: z
    .boolean()
    .default(false)
    .describe(
      "Allows targetTokenUrl to be http on another host than this one. Secrets and tokens can then be read on the way.",
    ),
  targetClientId: text("The client id of this gateway there.").optional(),
  targetClientSecret: text(
    "Its client secret there. targetClientSecretFile and targetClientSecretEnv keep it out of this file.",
  ).optional(),
  targetClientSecretEnv: variable(
    "The environment variable with its client secret there, read when the process starts.",
  ).optional(),
  targetClientSecretFile: text(
    "A file with its client secret there, read again whenever it changes.",
  ).optional(),
  targetAudience: text(
    "The issuer identifier of the backend's authorization server: the assertion is for it alone.",
  ),
  targetResource: url("The resource (RFC 8707), such as the URL of the backend.").optional(),
  scopes,
  subjectProviderName,
  subjectTokenType,
  loginUrl: url(
    "A page where people log in or give their consent for the backend. Clients that can open pages are sent there when one of the two asks for that.",
  ).optional(),
});

type Parsed = z.output<typeof xaa>;

/** The settings of a valid section. */
export function crossAppAccessOf(parsed: Parsed): CrossAppAccessSettings {
  const { idpTokenUrl, targetTokenUrl, targetAudience, targetResource, loginUrl } = parsed;
  const { idpClientSecret, idpClientSecretEnv, idpClientSecretFile } = parsed;
  const { targetClientSecret, targetClientSecretEnv, targetClientSecretFile } = parsed;
  const idpSecret = secretOf(idpClientSecret, idpClientSecretEnv, idpClientSecretFile);
  const secret = secretOf(targetClientSecret, targetClientSecretEnv, targetClientSecretFile);
  return {
    idp: {
      tokenUrl: idpTokenUrl,
      ...clientOf(parsed.idpClientId, idpSecret),
      audience: targetAudience,
      ...(targetResource !== undefined && { resource: targetResource }),
      scopes: parsed.scopes,
    },
    target: {
      tokenUrl: targetTokenUrl,
      ...clientOf(parsed.targetClientId, secret),
      scopes: parsed.scopes,
    },
    subjectTokenType: tokenTypeUrn(parsed.subjectTokenType),
    ...(loginUrl !== undefined && { loginUrl }),
  };
}

function clientOf(
  id: string | undefined,
  secret: ReturnType<typeof secretOf>,
): Pick<TokenRequestSettings, "client"> {
  if (id === undefined) return {};
  return { client: { id, method: "client_secret_basic", ...(secret && { secret }) } };
}
