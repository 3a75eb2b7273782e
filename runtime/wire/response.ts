import { replace } from "./json-text.ts";
import { envelopeOf, isSameId } from "./message.ts";
import { sentIdText } from "./request-id.ts";

/** A request as its response is recognised. */
export interface RequestIds {
  /** The id that the request was sent under, as JSON text. */
  readonly sentIdText: string;
  /** The id that whoever asked knows it by, as JSON text: the response is passed on under it. */
  readonly idText: string;
}

/** The ids of a request of our own. */
export function ownIds(idText: string): RequestIds {
  return { sentIdText: idText, idText };
}

/** The ids of a request of a client. */
export function clientIds(idText: string): RequestIds {
  return { sentIdText: sentIdText(idText), idText };
}

/**
 * Decides whether a text is the response to a request. `ResponseScanner` decides the same for one that is not held.
 *
 * @returns the text with the id as whoever asked wrote it; undefined for every other text.
 */
export function responseTo({ sentIdText, idText }: RequestIds, text: string): string | undefined {
  const envelope = envelopeOf(text);
  if (envelope?.kind !== "response" || envelope.id === undefined) return undefined;
  if (!isSameId(envelope.idText, sentIdText)) return undefined;
  return envelope.idText === idText ? text : replace(text, envelope.id, idText);
}
