import type { Settings } from "@mcp-fleet/contract/settings";
import type { Metrics } from "../telemetry/metrics.ts";
import { FleetError } from "../wire/fleet-error.ts";
import type { PlacesParts } from "./places.ts";

/** One of the limits of calls in flight. */
export interface CallLimit {
  readonly limit: "session" | "principal" | "backend";
  /** Its name among the settings `limits`. */
  readonly setting: "callsPerSession" | "callsPerPrincipal" | "upstreamConnections";
  readonly places: number;
  /** Where it is the limit of one. */
  readonly backend?: string;
}

/** The places under a limit, with the queue that the settings allow. */
export function placesOf(
  { limit, setting, places, backend }: CallLimit,
  { queuedCalls, queueTimeoutSeconds }: Settings["limits"],
  { callsRefused, callsWaiting }: Metrics,
): PlacesParts {
  const labels = { limit, backend: backend ?? "" };
  return {
    places,
    maxWaiting: queuedCalls,
    maxWaitMs: queueTimeoutSeconds * 1000,
    onWait: (change) => callsWaiting.inc(labels, change),
    refusal: () => {
      callsRefused.inc(labels);
      const whose = backend === undefined ? `this ${limit}` : `the backend ${backend}`;
      return new FleetError("TOO_MANY_CALLS", {
        message: `${places} calls of ${whose} are in flight (limits.${setting}), and no place became free in time; the call did not run`,
        data: backend === undefined ? { limit } : { limit, backend },
      });
    },
  };
}
