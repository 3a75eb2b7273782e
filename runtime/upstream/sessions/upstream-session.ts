import { clock } from "../../platform/clock.ts";
import type { UpstreamRecord } from "../../sessions/session-record.ts";
import { FleetError } from "../../wire/fleet-error.ts";
import { cut, at as find } from "../../wire/json-text.ts";
import { type Envelope, isSameId, readEnvelope } from "../../wire/message.ts";
import { readEvents, SSE_CONTENT_TYPE, type SseEvent } from "../../wire/sse.ts";
import type { Backend } from "../backend.ts";
import { PodGone } from "../endpoints/pod-gone.ts";
import type { UpstreamResponse } from "../transports/exchange.ts";
import { TransportFault } from "../transports/transport-fault.ts";
import type { Purpose, UpstreamRequest } from "../transports/upstream-request.ts";

/** The answer to a request of our own. */
export interface Answer {
  readonly statusCode: number;
  /** The JSON-RPC response, where there is one. */
  readonly text: string | undefined;
  /** What the backend put into `Mcp-Session-Id`. */
  readonly sessionId: string | undefined;
}

export type StreamAnswer =
  | { readonly kind: "open"; readonly events: AsyncGenerator<SseEvent> }
  /** The backend keeps no stream for sessions. */
  | { readonly kind: "unsupported" }
  /** The backend does not know the session. */
  | { readonly kind: "lost" }
  /** The backend, or what stands before it, cannot open one now. */
  | { readonly kind: "unavailable"; readonly statusCode: number };

/** After the response, a stream has this long to end by itself and give its connection back. */
export const AFTER_RESPONSE_MS = 1_000;

/** An error body longer than this is not read to its end. */
const ERROR_BODY_LIMIT_BYTES = 64 * 1024;

/** One session at one backend, as its client: which headers it takes and what they mean in answers. */
export class UpstreamSession {
  readonly backend: Backend;
  readonly record: UpstreamRecord;

  constructor(backend: Backend, record: UpstreamRecord) {
    this.backend = backend;
    this.record = record;
  }

  /** Sends a message of the client, or one of ours, and leaves the answer to the caller. */
  post(text: string, purpose: Purpose, signal: AbortSignal): Promise<UpstreamResponse> {
    const headers = {
      ...this.#headers(),
      accept: "application/json, text/event-stream",
      "content-type": "application/json",
    };
    const request = { method: "POST", headers, body: text, purpose, signal } as const;
    return this.backend.send(request, this.record.pod);
  }

  /** Sends a request of ours and reads its answer; what else the backend says on the way is dropped. */
  async ask(text: string, purpose: Purpose, signal: AbortSignal): Promise<Answer> {
    const response = await this.post(text, purpose, signal);
    const { statusCode } = response;
    const header = response.headers["mcp-session-id"];
    const sessionId = typeof header === "string" ? header : undefined;
    const { idText } = readEnvelope(text);
    if (statusCode === 200 && isSse(response)) {
      return { statusCode, text: await read(responseAmong(response, idText)), sessionId };
    }
    const body = await (statusCode === 200 ? read(response.body.text()) : errorBody(response));
    return { statusCode, text: isResponse(body) ? body : undefined, sessionId };
  }

  /** Sends a notification or a response; answers the HTTP status. */
  async tell(text: string, signal: AbortSignal): Promise<number> {
    const response = await this.post(text, "notify", signal);
    await response.body.dump();
    return response.statusCode;
  }

  /** Answers a request of the backend here: a ping is answered, anything else refused with this error. */
  async settle(
    request: Envelope,
    code: number,
    message: string,
    signal: AbortSignal,
  ): Promise<void> {
    const { method, idText } = request;
    const outcome =
      method === "ping" ? '"result":{}' : `"error":${JSON.stringify({ code, message })}`;
    await this.tell(`{"jsonrpc":"2.0","id":${idText},${outcome}}`, signal);
  }

  /** Opens the stream of what the backend says unasked, or goes on with one after `lastEventId`. */
  async stream(signal: AbortSignal, lastEventId?: string): Promise<StreamAnswer> {
    const headers = {
      ...this.#headers(),
      accept: SSE_CONTENT_TYPE,
      ...(lastEventId === undefined ? {} : { "last-event-id": lastEventId }),
    };
    const request = { method: "GET", headers, purpose: "stream", signal } as const;
    const response = await this.#sendUnlessGone(request);
    if (response === undefined) return { kind: "lost" };
    if (response.statusCode === 200 && isSse(response)) {
      return { kind: "open", events: readEvents(response.body) };
    }
    await response.body.dump();
    const { statusCode } = response;
    const refused = statusCode === 404 || statusCode === 400;
    if (refused && this.record.sessionId !== undefined) return { kind: "lost" };
    if (statusCode >= 500 || statusCode === 409) return { kind: "unavailable", statusCode };
    return { kind: "unsupported" };
  }

  /** Ends the session at the backend. Answers the HTTP status, 405 where it does not know how; 404 for nothing to end. */
  async end(signal: AbortSignal): Promise<number> {
    if (this.record.sessionId === undefined) return 404;
    const headers = this.#headers();
    const request = { method: "DELETE", headers, purpose: "close", signal } as const;
    const response = await this.#sendUnlessGone(request);
    if (response === undefined) return 404;
    await response.body.dump();
    return response.statusCode;
  }

  /** Undefined where the session's pod is gone, and the session with it. */
  async #sendUnlessGone(request: UpstreamRequest): Promise<UpstreamResponse | undefined> {
    try {
      return await this.backend.send(request, this.record.pod);
    } catch (error) {
      if (error instanceof PodGone) return undefined;
      throw error;
    }
  }

  #headers(): Record<string, string> {
    const { sessionId, protocol } = this.record;
    return {
      ...(protocol === "" ? {} : { "mcp-protocol-version": protocol }),
      ...(sessionId === undefined ? {} : { "mcp-session-id": sessionId }),
    };
  }
}

export function isSse(response: UpstreamResponse): boolean {
  return contentType(response) === SSE_CONTENT_TYPE;
}

export function isJson(response: UpstreamResponse): boolean {
  return contentType(response) === "application/json";
}

/** The start of a body that says why something was refused. Errors: TransportFault where it breaks off. */
export function errorBody(response: UpstreamResponse): Promise<string> {
  return read(startOf(response));
}

/** A body that breaks off, as the fault that it is; the signal's reason stays what it is. */
async function read<T>(reading: Promise<T>): Promise<T> {
  try {
    return await reading;
  } catch (error) {
    throw error instanceof FleetError ? error : new TransportFault(true, error);
  }
}

async function startOf({ body }: UpstreamResponse): Promise<string> {
  const { bytes } = await body.start(ERROR_BODY_LIMIT_BYTES);
  body.destroy();
  return bytes.toString("utf8");
}

/** Whether a text is a JSON-RPC response, to this request where an id is given. */
export function isResponse(text: string, idText?: string): boolean {
  try {
    const envelope = readEnvelope(text);
    if (envelope.kind !== "response") return false;
    return idText === undefined || isSameId(envelope.idText, idText);
  } catch {
    return false;
  }
}

/** The result in the text of a response, as JSON text; undefined for an error. */
export function resultOf(text: string): string | undefined {
  const result = find(text, "result");
  return result === undefined ? undefined : cut(text, result);
}

async function responseAmong(
  response: UpstreamResponse,
  idText: string,
): Promise<string | undefined> {
  const events = readEvents(response.body);
  for (let next = await events.next(); !next.done; next = await events.next()) {
    const { data } = next.value;
    if (!isResponse(data, idText)) continue;
    letEnd(events, response);
    return data;
  }
  return undefined;
}

function letEnd(events: AsyncGenerator<SseEvent>, response: UpstreamResponse): void {
  const patience = clock.after(AFTER_RESPONSE_MS, () => response.body.destroy());
  const rest = async () => {
    for await (const _ of events);
  };
  rest()
    .catch(() => {})
    .finally(() => clock.clear(patience));
}

function contentType(response: UpstreamResponse): string | undefined {
  const header = response.headers["content-type"];
  const value = typeof header === "string" ? header : undefined;
  return value?.split(";", 1)[0]?.trim().toLowerCase();
}
