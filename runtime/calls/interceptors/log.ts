import type { Logger } from "pino";
import { asFleetError } from "../../wire/fleet-error.ts";
import type { Interceptor } from "../call.ts";

/** Writes a line for every call that fails. */
export function logFailures(log: Logger): Interceptor {
  return async (call, next) => {
    try {
      await next(call);
    } catch (thrown) {
      const error = asFleetError(thrown);
      const level = error.statusCode >= 500 || error.code === "INTERNAL" ? "error" : "info";
      const { context, message } = call;
      const sid = context.session?.label;
      log[level]({ sid, method: message.method, code: error.code, error }, "request failed");
      throw error;
    }
  };
}
