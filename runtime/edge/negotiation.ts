import { FleetError } from "../wire/fleet-error.ts";
import { JSON_CONTENT_TYPE } from "../wire/message.ts";
import { isSessionVersion, PROTOCOL_VERSIONS } from "../wire/protocol-version.ts";
import { SSE_CONTENT_TYPE } from "../wire/sse.ts";

/** What the official clients send with a POST. */
const USUAL_ACCEPT = `${JSON_CONTENT_TYPE}, ${SSE_CONTENT_TYPE}`;

/**
 * In which form the answer to a POST may be: `either`, as it comes; `events` where the client takes nothing else, or
 * would rather have even a single message as an event; `json` where it takes no events.
 */
export type AnswerForm = "either" | "events" | "json";

/** @throws NOT_ACCEPTABLE for an Accept header that lets neither media type through. None at all lets both through. */
export function answerForm(accept: string | undefined): AnswerForm {
  if (accept === undefined || accept === USUAL_ACCEPT) return "either";
  const json = placeOf(JSON_CONTENT_TYPE, accept);
  const events = placeOf(SSE_CONTENT_TYPE, accept);
  if (json === -1 && events === -1) {
    throw notAcceptable(`${JSON_CONTENT_TYPE} or ${SSE_CONTENT_TYPE}`);
  }
  if (events === -1) return "json";
  return json === -1 || events < json ? "events" : "either";
}

/** @throws NOT_ACCEPTABLE for an Accept header that does not let event streams through. */
export function requireEvents(accept: string | undefined): void {
  if (accept === undefined || placeOf(SSE_CONTENT_TYPE, accept) !== -1) return;
  throw notAcceptable(SSE_CONTENT_TYPE);
}

/** Which of the ranges of an Accept header is the first that lets a media type through; -1 if none does. */
function placeOf(type: string, accept: string): number {
  const ranges = accept.split(",").map((range) => range.split(";", 1)[0]?.trim().toLowerCase());
  const matching = ["*/*", type, `${type.split("/")[0]}/*`];
  return ranges.findIndex((range) => range !== undefined && matching.includes(range));
}

function notAcceptable(types: string): FleetError {
  return new FleetError("NOT_ACCEPTABLE", { message: `the Accept header must list ${types}` });
}

/** A client may leave the version out: its session has one. A version that is not served is refused. */
export function checkProtocolVersion(header: string | undefined): void {
  if (header === undefined || isSessionVersion(header)) return;
  throw new FleetError("UNSUPPORTED_PROTOCOL", {
    message: `Unsupported protocol version (supported versions: ${PROTOCOL_VERSIONS.join(", ")})`,
    data: { supported: PROTOCOL_VERSIONS },
  });
}
