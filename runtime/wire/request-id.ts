import { random } from "../platform/random.ts";
import { at, cut, replace } from "./json-text.ts";

/** Ids of our own requests are numbers, as those of SDKs are, and of 31 bits, which every server can read: from here up. */
export const FIRST_OWN_ID = 2 ** 30;

/** So many ids are ours. */
const OWN_IDS = 2 ** 30;

/** Ids from here up are passed as they are: no client counts that far, and moved up, most servers would round them. */
const FIRST_UNMOVED_ID = 2 ** 53 - OWN_IDS;

let nextOwnId: number | undefined;

/** The id of a request of our own, as JSON text: another one each time, and hardly one that another process uses right now. */
export function ownIdText(): string {
  const offset = nextOwnId ?? random.bytes(4).readUInt32BE() % OWN_IDS;
  nextOwnId = (offset + 1) % OWN_IDS;
  return String(FIRST_OWN_ID + offset);
}

/**
 * The id under which a backend gets a client's request, as JSON text: the client's own, but that numbers from the first
 * of ours on make room for ours. No two ids below 2⁵³ − 2³⁰ become one, and every process finds the same one.
 */
export function sentIdText(idText: string): string {
  const isSmall = idText.length < String(FIRST_OWN_ID).length && /^\d+$/.test(idText);
  if (isSmall || idText.startsWith('"')) return idText;
  const value: unknown = JSON.parse(idText);
  if (typeof value !== "number" || !Number.isInteger(value)) return idText;
  return value < FIRST_OWN_ID || value >= FIRST_UNMOVED_ID ? idText : String(value + OWN_IDS);
}

/** A message to a backend with the client's id under this path as the backend knows it. */
export function underSentId(text: string, ...path: string[]): string {
  const span = at(text, ...path);
  if (span === undefined) return text;
  const idText = cut(text, span);
  const sent = sentIdText(idText);
  return sent === idText ? text : replace(text, span, sent);
}
