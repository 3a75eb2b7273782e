import { ERROR_TABLE } from "../../wire/error-table.ts";
import { FleetError } from "../../wire/fleet-error.ts";
import type { Backend } from "../backend.ts";
import { describe, reasonOf, statusOf } from "../transports/answer-text.ts";
import type { Answer, Refusal } from "../transports/transport.ts";
import type { CircuitOpen } from "../transports/transport-fault.ts";

/** Nothing was sent: the call did not run. */
export function unreachable(backend: Backend, cause: unknown): FleetError {
  return new FleetError("BACKEND_UNREACHABLE", {
    message: `the backend ${backend.name} cannot be reached; the call did not run`,
    data: { backend: backend.name },
    cause,
  });
}

/** Nothing was sent, since the backend keeps failing. */
export function circuitOpen({ name }: Backend, { retryAfterSeconds }: CircuitOpen): FleetError {
  return new FleetError("BACKEND_CIRCUIT_OPEN", {
    message: `the backend ${name} keeps failing, so that nothing is sent to it for a while; the call did not run`,
    data: { backend: name },
    retryAfterSeconds,
  });
}

/**
 * The backend answered something that is no answer to an MCP request, or an error where none is of use. Where it is one of
 * our own processes that did not process the request, another one or a later time may do: that is BACKEND_BUSY.
 */
export function refused(backend: Backend, answer: Answer, text?: string): FleetError {
  if (answer.kind === "refused" && answer.notProcessed) return busy(backend, answer);
  return new FleetError("BACKEND_REFUSED", {
    message: `the backend ${backend.name} ${reasonOf(answer, text)}; the call did not run`,
    data: { backend: backend.name, httpStatus: statusOf(answer) },
    cause: describe(answer, text),
  });
}

function busy({ name }: Backend, answer: Refusal): FleetError {
  const [, word = ""] = /"error":"([A-Z_]+)"/.exec(answer.text) ?? [];
  const reason = Object.hasOwn(ERROR_TABLE, word) ? word : `HTTP ${answer.statusCode}`;
  return new FleetError("BACKEND_BUSY", {
    message: `the backend ${name} takes no request just now (${reason}); the call did not run`,
    data: { backend: name, reason },
    cause: describe(answer),
  });
}
