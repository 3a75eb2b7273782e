import { bytes, SIZE } from "@mcp-fleet/contract";
import type { InputName } from "@mcp-fleet/contract/capacity";
import { CACHED_DECISIONS, TOKEN_CACHE_BYTES } from "@mcp-fleet/contract/settings";
import { AuthorizationType } from "../arguments/choices.ts";
import type { IncomingAuthArgs } from "../arguments/settings-args.ts";

/** What a login costs, as inputs of the plan: what pods remember of tokens, and what they keep of decisions. */
export function loginInputs(
  login: IncomingAuthArgs | undefined,
): Partial<Readonly<Record<InputName, number>>> {
  return { ...tokenInputs(login), ...authorizationInputs(login) };
}

/** What pods remember of tokens, where clients bring some. Of a size that is none, validation speaks. */
function tokenInputs(login: IncomingAuthArgs | undefined): { readonly tokenCacheBytes?: number } {
  if (login?.jwt === undefined && login?.oidc === undefined) return {};
  const { cacheBytes = "" } = login.oidc ?? {};
  return { tokenCacheBytes: SIZE.test(cacheBytes) ? bytes(cacheBytes) : TOKEN_CACHE_BYTES };
}

/** What pods keep of decisions, where policies decide. */
function authorizationInputs(login: IncomingAuthArgs | undefined): {
  readonly cachedDecisions?: number;
} {
  const { type, cachedDecisions = CACHED_DECISIONS } = login?.authz ?? {};
  return type === AuthorizationType.Cedar ? { cachedDecisions } : {};
}
