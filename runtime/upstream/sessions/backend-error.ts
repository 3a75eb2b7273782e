import { FleetError } from "../../wire/fleet-error.ts";
import type { Backend } from "../backend.ts";
import type { Answer } from "../transports/transport.ts";

/** The log has this much of what a backend said. */
const CAUSE_CHARACTERS = 500;

/** Nothing was sent: the call did not run. */
export function unreachable(backend: Backend, cause: unknown): FleetError {
  return new FleetError("BACKEND_UNREACHABLE", {
    message: `the backend ${backend.name} cannot be reached; the call did not run`,
    data: { backend: backend.name },
    cause,
  });
}

/** The backend answered something that is no answer to an MCP request. */
export function refused(backend: Backend, answer: Answer, text?: string): FleetError {
  const httpStatus = statusOf(answer);
  const said = text ?? (answer.kind === "refused" ? answer.text : undefined);
  return new FleetError("BACKEND_REFUSED", {
    message: `the backend ${backend.name} refused the request with HTTP ${httpStatus}; the call did not run`,
    data: { backend: backend.name, httpStatus },
    cause: said?.slice(0, CAUSE_CHARACTERS),
  });
}

function statusOf(answer: Answer): number {
  switch (answer.kind) {
    case "refused":
      return answer.statusCode;
    case "session-unknown":
      return 404;
    case "unsupported":
      return 405;
    case "accepted":
      return 202;
    default:
      return 200;
  }
}
