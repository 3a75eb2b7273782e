import { FleetError } from "../wire/fleet-error.ts";
import { isProtocolVersion, PROTOCOL_VERSIONS } from "../wire/protocol-version.ts";
import { SSE_CONTENT_TYPE } from "../wire/sse.ts";

/** What the official clients send with a POST. */
const USUAL_ACCEPT = `application/json, ${SSE_CONTENT_TYPE}`;

/** Whether an Accept header lets all of these media types through. None at all lets everything through. */
export function checkAccept(accept: string | undefined, wanted: readonly string[]): void {
  if (accept === undefined || accept === USUAL_ACCEPT) return;
  const ranges = accept.split(",").map((range) => range.split(";", 1)[0]?.trim().toLowerCase());
  const accepts = (type: string) =>
    ranges.some(
      (range) => range === "*/*" || range === type || range === `${type.split("/")[0]}/*`,
    );
  if (wanted.every(accepts)) return;
  throw new FleetError("NOT_ACCEPTABLE", {
    message: `the Accept header must list ${wanted.join(" and ")}`,
  });
}

/** Whether SSE stands before JSON in an Accept header: then even a single message goes out as an event. */
export function prefersSse(accept: string | undefined): boolean {
  const sse = accept?.indexOf(SSE_CONTENT_TYPE) ?? -1;
  const json = accept?.indexOf("application/json") ?? -1;
  return sse !== -1 && json !== -1 && sse < json;
}

/** A client may leave the version out: its session has one. A version that is not served is refused. */
export function checkProtocolVersion(header: string | undefined): void {
  if (header === undefined || isProtocolVersion(header)) return;
  throw new FleetError("UNSUPPORTED_PROTOCOL", {
    message: `Unsupported protocol version (supported versions: ${PROTOCOL_VERSIONS.join(", ")})`,
    data: { supported: PROTOCOL_VERSIONS },
  });
}
