import { FleetError } from "./fleet-error.ts";
import {
  cut,
  endsAt,
  type Member,
  members,
  type ObjectText,
  readObject,
  replace,
  type Span,
} from "./json-text.ts";

export type MessageKind = "request" | "notification" | "response";

/** The media type of a message that is sent by itself. */
export const JSON_CONTENT_TYPE = "application/json";

/** One JSON-RPC message: its exact text, and the few things about it that routing reads. */
export interface Message {
  readonly text: string;
  readonly kind: MessageKind;
  /** Empty for a response. */
  readonly method: string;
  /** The id as it stands in the text (`7`, `"a"`, `9007199254740993`); empty for a notification. */
  readonly idText: string;
  /** Parsed for reading; what goes on is always cut from `text`. Empty for a response. */
  readonly params: Readonly<Record<string, unknown>>;
  /** Where each of the params stands in the text. */
  readonly paramSpans: readonly Member[];
}

/** The envelope of a message, read without parsing what it carries. */
export interface Envelope {
  readonly kind: MessageKind;
  readonly method: string;
  readonly idText: string;
  readonly id: Span | undefined;
  /** Where `params` stands in the text. */
  readonly paramsAt: Span | undefined;
}

/** The JSON text of `"2.0"`, however it is written. */
const VERSION = /^"(2|\\u0032)(\.|\\u002[eE])(0|\\u0030)"$/;

/** Whether the JSON text of the member `jsonrpc` is that of a JSON-RPC message: official clients take no other. */
export function isVersion(text: string): boolean {
  return text === '"2.0"' || VERSION.test(text);
}

/** Reads a message that a backend sent. Throws a SyntaxError where it is no JSON-RPC message. */
export function readEnvelope(text: string): Envelope {
  return envelopeIn(text, readObject(text));
}

function envelopeIn(text: string, object: ObjectText): Envelope {
  let isJsonRpc = false;
  let method: string | undefined;
  let id: Span | undefined;
  let paramsAt: Span | undefined;
  let answers = false;
  for (const member of object.members) {
    if (member.key === "method") method = JSON.parse(cut(text, member)) ?? undefined;
    else if (member.key === "id") id = member;
    else if (member.key === "params") paramsAt = member;
    else if (member.key === "jsonrpc") isJsonRpc = isVersion(cut(text, member));
    else if (member.key === "result" || member.key === "error") answers = true;
  }
  if (!endsAt(text, object.end)) throw new SyntaxError("something follows the message");
  if (!isJsonRpc) throw new SyntaxError('a message has no "jsonrpc": "2.0"');
  const idText = id === undefined ? "" : cut(text, id);
  if (method !== undefined) {
    return { kind: id === undefined ? "notification" : "request", method, idText, id, paramsAt };
  }
  if (!answers) throw new SyntaxError("a message has neither a method nor a result nor an error");
  return { kind: "response", method: "", idText, id, paramsAt };
}

/** The envelope of a text that may be no message at all, such as an event without data. */
export function envelopeOf(text: string): Envelope | undefined {
  try {
    return readEnvelope(text);
  } catch {
    return undefined;
  }
}

/**
 * Reads a message that a client sent.
 *
 * @throws PARSE_ERROR for text that is no JSON, INVALID_REQUEST for JSON that is no message.
 */
export function readMessage(text: string): Message {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new FleetError("PARSE_ERROR", { cause });
  }
  return checkMessage(text, value);
}

function checkMessage(text: string, value: unknown): Message {
  if (!isObject(value) || value.jsonrpc !== "2.0") {
    throw invalid('the body is no JSON-RPC message: an object with "jsonrpc": "2.0"');
  }
  const { envelope, paramSpans } = readOnce(text) ?? readTwice(text);
  const { paramsAt, idText } = envelope;
  const { method, id } = value;
  const params = value.params ?? {};
  if (method !== undefined && typeof method !== "string") throw invalid("method must be a string");
  if ("id" in value && typeof id !== "string" && typeof id !== "number") {
    throw invalid("id is neither a string nor a number");
  }
  if (!isObject(params)) throw invalid("params must be an object", idText);
  // Some clients write it for none. Servers do not take it.
  if (value.params === null && paramsAt !== undefined) {
    const withParams = replace(text, paramsAt, "{}");
    return {
      text: withParams,
      kind: envelope.kind,
      method: envelope.method,
      idText,
      params,
      paramSpans: [],
    };
  }
  if (envelope.kind === "response" && id === undefined) throw invalid("a response has no id");
  const { kind } = envelope;
  return { text, kind, method: envelope.method, idText, params, paramSpans };
}

interface Read {
  readonly envelope: Envelope;
  readonly paramSpans: readonly Member[];
}

/** Undefined where something is wrong. Routing reads params parsed and changes them by span: no key may be a duplicate. */
function readOnce(text: string): Read | undefined {
  try {
    const object = readObject(text, 0, "params");
    return { envelope: envelopeIn(text, object), paramSpans: object.inner };
  } catch {
    return undefined;
  }
}

/** For what is wrong in the params, the id of the request has to be known first. */
function readTwice(text: string): Read {
  const envelope = readable(() => readEnvelope(text));
  const { paramsAt, idText } = envelope;
  const spans = paramsAt === undefined ? [] : readable(() => members(text, paramsAt.start), idText);
  return { envelope, paramSpans: spans };
}

function readable<T>(read: () => T, idText?: string): T {
  try {
    return read();
  } catch (cause) {
    throw invalid((cause as Error).message, idText, cause);
  }
}

function invalid(message: string, idText?: string, cause?: unknown): FleetError {
  return new FleetError("INVALID_REQUEST", {
    message,
    cause,
    ...(idText === undefined ? {} : { idText }),
  });
}

/** Whether two ids mean the same, however they are written: servers write `1.0` as `1`, and escapes as characters. */
export function isSameId(oneText: string, otherText: string): boolean {
  if (oneText === otherText) return true;
  try {
    return JSON.parse(oneText) === JSON.parse(otherText);
  } catch {
    return false;
  }
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * A param that has to be a string.
 *
 * @throws INVALID_PARAMS.
 */
export function stringParam(message: Message, key: string): string {
  const value = message.params[key];
  if (typeof value !== "string") throw invalidParams(`params.${key} must be a string`);
  return value;
}

export function invalidParams(message: string): FleetError {
  return new FleetError("INVALID_PARAMS", { message });
}
