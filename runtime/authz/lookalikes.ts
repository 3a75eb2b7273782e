import { members } from "../wire/json-text.ts";
import { invalidParams, type Message } from "../wire/message.ts";

/** What says which item a request is about. */
const READ = new Set(["jsonrpc", "id", "method", "params", "name", "uri", "ref", "arguments"]);

/**
 * Refuses a request with keys that some servers take for those by which it is decided, such as `Name`: servers whose JSON
 * library ignores case would call something else than what was permitted. What is no object is left to its reader.
 *
 * @throws INVALID_PARAMS.
 */
export function refuseLookalikes({ text, paramSpans }: Message): void {
  refuse(members(text));
  refuse(paramSpans);
  const ref = paramSpans.find(({ key }) => key === "ref");
  if (ref === undefined || text[ref.start] !== "{") return;
  refuse(unambiguous(text, ref.start));
}

function refuse(keys: readonly { readonly key: string }[]): void {
  for (const { key } of keys) {
    if (READ.has(key) || !READ.has(folded(key))) continue;
    const known = JSON.stringify(folded(key));
    throw invalidParams(`${JSON.stringify(key)} must be written ${known}`);
  }
}

/** @throws INVALID_PARAMS for a key that is there twice. */
function unambiguous(text: string, start: number) {
  try {
    return members(text, start);
  } catch (error) {
    throw invalidParams(error instanceof Error ? error.message : String(error));
  }
}

/** As such libraries compare keys: Kelvin's sign is a k, and the long s is an s. */
function folded(key: string): string {
  return key.toLowerCase().replaceAll("ſ", "s");
}
