import { cut, elements, replace } from "./json-text.ts";
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
 * Decides whether a text is the response to a request, or an array with it. `ResponseScanner` decides the same for one that
 * is not held, but takes no arrays.
 *
 * @returns the response with the id as whoever asked wrote it; undefined for every other text.
 */
export function responseTo(ids: RequestIds, text: string): string | undefined {
  if (!ARRAY.test(text)) return responseIn(ids, text);
  for (const message of messagesIn(text)) {
    const response = responseIn(ids, message);
    if (response !== undefined) return response;
  }
  return undefined;
}

/** Whether an id in a response is that of the request. Some servers write numbers back as text. */
export function answersId(givenText: string, { sentIdText }: RequestIds): boolean {
  if (isSameId(givenText, sentIdText)) return true;
  return !sentIdText.startsWith('"') && isSameId(givenText, `"${sentIdText}"`);
}

const ARRAY = /^\s*\[/;

function responseIn(ids: RequestIds, text: string): string | undefined {
  const envelope = envelopeOf(text);
  if (envelope?.kind !== "response" || envelope.id === undefined) return undefined;
  if (!answersId(envelope.idText, ids)) return undefined;
  return envelope.idText === ids.idText ? text : replace(text, envelope.id, ids.idText);
}

/** None, where something follows the array, or it is not one. */
function messagesIn(text: string): string[] {
  try {
    const spans = elements(text);
    const rest = text.slice(spans.at(-1)?.end ?? 0);
    return rest.trim() === "]" ? spans.map((span) => cut(text, span)) : [];
  } catch {
    return [];
  }
}
