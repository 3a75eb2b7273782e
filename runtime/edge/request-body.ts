import { isUtf8 } from "node:buffer";

import { FleetError } from "../wire/fleet-error.ts";
import { cut, elements } from "../wire/json-text.ts";
import { type Message, readMessage } from "../wire/message.ts";

/**
 * The text of a body.
 *
 * @throws PARSE_ERROR for bytes that are no UTF-8, and for none at all.
 */
export function bodyText(body: unknown): string {
  if (!Buffer.isBuffer(body) || !isUtf8(body)) throw new FleetError("PARSE_ERROR");
  return body.toString("utf8");
}

/** Whether the body is an array, which only one protocol revision allows. */
export function isBatch(text: string): boolean {
  return /^\s*\[/.test(text);
}

/**
 * The messages of a batch.
 *
 * @throws PARSE_ERROR, INVALID_REQUEST.
 */
export function readBatch(text: string, maxMessages: number): Message[] {
  try {
    JSON.parse(text);
  } catch (cause) {
    throw new FleetError("PARSE_ERROR", { cause });
  }
  const spans = elements(text);
  if (spans.length === 0 || spans.length > maxMessages) {
    throw new FleetError("INVALID_REQUEST", {
      message: `a batch must hold 1 to ${maxMessages} messages (limits.batchMessages)`,
    });
  }
  const messages = spans.map((span) => readMessage(cut(text, span)));
  if (messages.some(({ method }) => method === "initialize")) {
    throw new FleetError("INVALID_REQUEST", { message: "initialize must not be part of a batch" });
  }
  return messages;
}
