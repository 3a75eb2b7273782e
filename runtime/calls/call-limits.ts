import type { Settings } from "@mcp-fleet/contract/settings";
import { ANONYMOUS } from "../sessions/principal.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import { METHODS } from "../wire/methods.ts";
import type { Interceptor } from "./call.ts";
import { PlacesByKey } from "./places.ts";
import type { RequestContext } from "./request-context.ts";
import { placesOf } from "./too-many-calls.ts";

/**
 * Keeps one session, and one principal, from taking what the others need: further calls of theirs wait in turn. Each has
 * places of its own at each backend, so that calls that hang at one hold up none of its calls to another.
 */
export class CallLimits {
  readonly #perSession: PlacesByKey<string>;
  readonly #perPrincipal: PlacesByKey<string> | undefined;

  constructor(limits: Settings["limits"], metrics: Metrics) {
    const { callsPerSession, callsPerPrincipal } = limits;
    const ofSession = { limit: "session", setting: "callsPerSession" } as const;
    const ofPrincipal = { limit: "principal", setting: "callsPerPrincipal" } as const;
    this.#perSession = new PlacesByKey(
      placesOf({ ...ofSession, places: callsPerSession }, limits, metrics),
    );
    this.#perPrincipal =
      callsPerPrincipal === undefined
        ? undefined
        : new PlacesByKey(placesOf({ ...ofPrincipal, places: callsPerPrincipal }, limits, metrics));
  }

  /**
   * Does the work of a call once its session and its principal have a place.
   *
   * @param where the backend's name; empty for what needs none.
   * @throws TOO_MANY_CALLS, the reason with which the call was cut, and what the work throws.
   */
  async run(context: RequestContext, where: string, work: () => Promise<void>): Promise<void> {
    const { session, principal } = context;
    if (session === undefined) return await work();
    const limited = () => this.#perSession.run(`${session.key} ${where}`, context, work);
    // Who is anonymous is everybody.
    if (this.#perPrincipal === undefined || principal.owner === ANONYMOUS.owner) {
      return await limited();
    }
    await this.#perPrincipal.run(`${where} ${principal.owner}`, context, limited);
  }

  /** For lists, which a gateway answers without sending anything to a backend. */
  readonly ofLists: Interceptor = async (call, next) => {
    if (METHODS.get(call.message.method)?.list === undefined) return await next(call);
    await this.run(call.context, "", () => next(call));
  };
}
