import type { Settings } from "@mcp-fleet/contract/settings";
import { ANONYMOUS } from "../../sessions/principal.ts";
import type { Metrics } from "../../telemetry/metrics.ts";
import type { Interceptor } from "../call.ts";
import { PlacesByKey } from "../places.ts";
import type { RequestContext } from "../request-context.ts";
import { type CallLimit, placesOf } from "../too-many-calls.ts";

/** Keeps one session, and one principal, from taking what the others need: further calls of theirs wait in turn. */
export function limitCalls(limits: Settings["limits"], metrics: Metrics): readonly Interceptor[] {
  const perSession = limited(
    { limit: "session", setting: "callsPerSession", places: limits.callsPerSession },
    limits,
    metrics,
    ({ session }) => session?.key,
  );
  const { callsPerPrincipal } = limits;
  if (callsPerPrincipal === undefined) return [perSession];
  const perPrincipal = limited(
    { limit: "principal", setting: "callsPerPrincipal", places: callsPerPrincipal },
    limits,
    metrics,
    // Who is anonymous is everybody.
    ({ principal: { owner } }) => (owner === ANONYMOUS.owner ? undefined : owner),
  );
  return [perSession, perPrincipal];
}

/** @param keyOf whose places a call takes; undefined: nobody's. */
function limited(
  limit: CallLimit,
  limits: Settings["limits"],
  metrics: Metrics,
  keyOf: (context: RequestContext) => string | undefined,
): Interceptor {
  const places = new PlacesByKey<string>(placesOf(limit, limits, metrics));
  return async (call, next) => {
    const key = keyOf(call.context);
    if (key === undefined) return await next(call);
    await places.run(key, call.context, () => next(call));
  };
}
