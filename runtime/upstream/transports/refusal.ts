import { NOT_PROCESSED_HEADER } from "../../wire/error-table.ts";
import type { HttpResponse } from "../endpoints/http-exchange.ts";
import type { Refusal } from "./transport.ts";
import { TransportFault } from "./transport-fault.ts";

/** A refusal that says more than this is not read to its end. */
const REFUSAL_BYTES = 64 * 1024;

/**
 * What a response says that is none of MCP's.
 *
 * @throws TransportFault where it breaks off, or the signal's reason.
 */
export async function refusalOf(response: HttpResponse, signal: AbortSignal): Promise<Refusal> {
  const { statusCode, headers, body } = response;
  const { location, "www-authenticate": challenge } = headers;
  try {
    const { bytes } = await body.start(REFUSAL_BYTES);
    body.destroy();
    return {
      kind: "refused",
      statusCode,
      contentType: contentTypeOf(response),
      ...(typeof location === "string" && { location }),
      ...(challenge !== undefined && { challenge: String(challenge) }),
      text: bytes.toString("utf8"),
      notProcessed: headers[NOT_PROCESSED_HEADER] !== undefined,
    };
  } catch (error) {
    throw signal.aborted ? signal.reason : new TransportFault(true, error);
  }
}

/** The media type of a response, in lower case and without parameters. */
export function contentTypeOf({ headers }: HttpResponse): string | undefined {
  const header = headers["content-type"];
  const value = typeof header === "string" ? header : undefined;
  return value?.split(";", 1)[0]?.trim().toLowerCase();
}
