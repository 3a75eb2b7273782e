import { isUtf8 } from "node:buffer";

import { asFleetError, FleetError } from "../wire/fleet-error.ts";
import { checkShape, type JsonLimits } from "../wire/json-shape.ts";
import { cut, elements } from "../wire/json-text.ts";
import { type Message, readMessage } from "../wire/message.ts";
import { RequestIdScanner } from "../wire/request-id-scanner.ts";

/**
 * The text of a body that is safe to parse.
 *
 * @throws PARSE_ERROR for bytes that are no UTF-8, INVALID_REQUEST for too many values or levels of them; with the id of the
 * request, where one stands there.
 */
export function bodyText(body: Buffer, limits: JsonLimits): string {
  return named(body, () => {
    if (!isUtf8(body)) throw new FleetError("PARSE_ERROR");
    checkShape(body, limits);
    return body.toString("utf8");
  });
}

/**
 * The one message of a body.
 *
 * @throws PARSE_ERROR, INVALID_REQUEST; with the id of the request, where one stands there.
 */
export function readOne(text: string): Message {
  return named(text, () => readMessage(text));
}

/** Whatever is wrong with the rest of a text: its client waits for an answer under this id. */
function named<T>(text: Buffer | string, read: () => T): T {
  try {
    return read();
  } catch (thrown) {
    const idText = new RequestIdScanner().push(Buffer.from(text));
    throw asFleetError(thrown).withId(idText ?? "");
  }
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
  const messages = spans.map((span) => readElement(cut(text, span)));
  if (messages.some(({ method }) => method === "initialize")) {
    throw new FleetError("INVALID_REQUEST", { message: "initialize must not be part of a batch" });
  }
  return messages;
}

/** What is wrong with one message is wrong with the batch, and answers none of its requests. */
function readElement(text: string): Message {
  try {
    return readMessage(text);
  } catch (thrown) {
    const { code, message, cause } = asFleetError(thrown);
    throw new FleetError(code, { message, cause });
  }
}
