import { bytes, SIZE, seconds } from "@mcp-fleet/contract";
import {
  type CompleteInputs,
  completed,
  INPUTS,
  keepsStream,
  pushes,
  sessionLists,
} from "@mcp-fleet/contract/capacity";
import { CACHED_DECISIONS, TOKEN_CACHE_BYTES } from "@mcp-fleet/contract/settings";
import { AuthorizationType } from "../arguments/choices.ts";
import type { IncomingAuthArgs } from "../arguments/settings-args.ts";
import { credentialInputs, processInputs, storeInputs } from "../process/process-inputs.ts";
import type { GatewayArgs } from "./gateway-args.ts";

/**
 * The load of a gateway as inputs of the plan.
 *
 * @throws {CapacityError} if an input is out of its range.
 */
export function gatewayInputs(args: GatewayArgs): CompleteInputs {
  const { sessions, backends, autoscaling } = args;
  const given = processInputs(args);
  const longest = backends.map(({ callTimeoutMax }) => seconds(callTimeoutMax ?? "0s"));
  const { callTimeoutMaxSeconds: usual = INPUTS.callTimeoutMaxSeconds.default } = given;
  return completed({
    ...sessionLists(backends),
    ...credentialInputs(args, backends),
    ...given,
    sessions,
    backends: backends.length,
    sessionStreamBackends: backends.filter(pushes).length,
    statefulBackends: backends.filter(keepsStream).length,
    ...storeInputs(args.sessionStorage),
    ...tokenInputs(args.incomingAuth),
    ...authorizationInputs(args.incomingAuth),
    callTimeoutMaxSeconds: Math.max(usual, ...longest),
    ...(autoscaling && { maxReplicas: autoscaling.maxReplicas }),
  });
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
