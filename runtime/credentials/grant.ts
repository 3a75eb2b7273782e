import type { BackendAuth, TokenRequestSettings } from "@mcp-fleet/contract/settings";

/** The strategies that get tokens. */
export type TokenAuth = Exclude<BackendAuth, { readonly type: "header" }>;

/** What a token endpoint is asked for. */
export interface Grant {
  readonly type: string;
  readonly parameters: URLSearchParams;
}

const ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token";

/** The request of a strategy: a token for this gateway (RFC 6749, 4.4), or one for that of a client (RFC 8693). */
export function grantOf(auth: TokenAuth, subject: string | undefined): Grant {
  const parameters = wished(auth);
  if (auth.type === "client_credentials") return { type: auth.type, parameters };
  parameters.set("subject_token", subject ?? "");
  parameters.set("subject_token_type", auth.subjectTokenType);
  parameters.set("requested_token_type", ACCESS_TOKEN);
  return { type: "urn:ietf:params:oauth:grant-type:token-exchange", parameters };
}

function wished({ audience, resource, scopes }: TokenRequestSettings): URLSearchParams {
  const parameters = new URLSearchParams();
  if (audience !== undefined) parameters.set("audience", audience);
  if (resource !== undefined) parameters.set("resource", resource);
  if (scopes.length > 0) parameters.set("scope", scopes.join(" "));
  return parameters;
}
