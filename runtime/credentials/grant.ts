import type { BackendAuth, TokenRequestSettings } from "@mcp-fleet/contract/settings";

/** The strategies that get tokens. */
export type TokenAuth = Exclude<BackendAuth, { readonly type: "header" }>;

/** What a token endpoint is asked for. */
export interface Grant {
  readonly type: string;
  readonly parameters: URLSearchParams;
}

const TOKEN_TYPE = "urn:ietf:params:oauth:token-type:";

export const ACCESS_TOKEN = `${TOKEN_TYPE}access_token`;

/** An assertion of an identity provider for one authorization server (ID-JAG). */
export const ID_JAG = `${TOKEN_TYPE}id-jag`;

/** A client's token that is exchanged. */
export interface Subject {
  readonly token: string;
  readonly type: string;
}

/** A token for this gateway (RFC 6749, 4.4). */
export function ownGrant(wishes: TokenRequestSettings): Grant {
  return { type: "client_credentials", parameters: wished(wishes) };
}

/** A token for that of a client (RFC 8693). */
export function exchangeGrant(
  wishes: TokenRequestSettings,
  subject: Subject,
  requestedType: string,
): Grant {
  const parameters = wished(wishes);
  parameters.set("subject_token", subject.token);
  parameters.set("subject_token_type", subject.type);
  parameters.set("requested_token_type", requestedType);
  return { type: "urn:ietf:params:oauth:grant-type:token-exchange", parameters };
}

/** A token for an assertion (RFC 7523, 2.1). */
export function assertionGrant(wishes: TokenRequestSettings, assertion: string): Grant {
  const parameters = wished(wishes);
  parameters.set("assertion", assertion);
  return { type: "urn:ietf:params:oauth:grant-type:jwt-bearer", parameters };
}

function wished({ audience, resource, scopes }: TokenRequestSettings): URLSearchParams {
  const parameters = new URLSearchParams();
  if (audience !== undefined) parameters.set("audience", audience);
  if (resource !== undefined) parameters.set("resource", resource);
  if (scopes.length > 0) parameters.set("scope", scopes.join(" "));
  return parameters;
}
