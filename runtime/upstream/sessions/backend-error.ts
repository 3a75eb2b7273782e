import { FleetError } from "../../wire/fleet-error.ts";
import type { Backend } from "../backend.ts";
import { describe, reasonOf, statusOf } from "../transports/answer-text.ts";
import type { Answer } from "../transports/transport.ts";

/** Nothing was sent: the call did not run. */
export function unreachable(backend: Backend, cause: unknown): FleetError {
  return new FleetError("BACKEND_UNREACHABLE", {
    message: `the backend ${backend.name} cannot be reached; the call did not run`,
    data: { backend: backend.name },
    cause,
  });
}

/** The backend answered something that is no answer to an MCP request, or an error where none is of use. */
export function refused(backend: Backend, answer: Answer, text?: string): FleetError {
  return new FleetError("BACKEND_REFUSED", {
    message: `the backend ${backend.name} ${reasonOf(answer, text)}; the call did not run`,
    data: { backend: backend.name, httpStatus: statusOf(answer) },
    cause: describe(answer, text),
  });
}
