import type { Metrics } from "../../telemetry/metrics.ts";
import { asFleetError } from "../../wire/fleet-error.ts";
import { methodLabel } from "../../wire/methods.ts";
import type { Interceptor } from "../call.ts";

/** Counts every call, by method and outcome. */
export function countCalls({ calls, callsInFlight }: Metrics): Interceptor {
  return async (call, next) => {
    callsInFlight.inc();
    let outcome = "ok";
    try {
      await next(call);
    } catch (thrown) {
      const error = asFleetError(thrown);
      outcome = error.code;
      throw error;
    } finally {
      callsInFlight.dec();
      calls.inc({ method: methodLabel(call.message.method), outcome });
    }
  };
}
