import { NOT_PROCESSED_HEADER } from "../../wire/error-table.ts";
import { JSON_CONTENT_TYPE } from "../../wire/message.ts";
import { FIRST_OWN_ID } from "../../wire/request-id.ts";
import { readEvents, SSE_CONTENT_TYPE, type SseEvent } from "../../wire/sse.ts";
import type { Endpoint } from "../endpoints/endpoint.ts";
import type { HttpResponse } from "../endpoints/http-exchange.ts";
import type { ResponseBody } from "../endpoints/response-body.ts";
import { RedirectedPath } from "./redirected-path.ts";
import { contentTypeOf, refusalOf } from "./refusal.ts";
import type { Answer, SessionRef, Transport, TransportRequest } from "./transport.ts";

/** What is sent with every message, in the order of the official clients. */
const MESSAGE_HEADERS = {
  accept: `${JSON_CONTENT_TYPE}, ${SSE_CONTENT_TYPE}`,
  "content-type": JSON_CONTENT_TYPE,
};

/** Understood by every MCP server, whether it knows the session or not. */
const PING = `{"jsonrpc":"2.0","id":${FIRST_OWN_ID},"method":"ping"}`;

/** Where the requests of a session go, beside the address of the endpoint. */
export interface StreamableHttpOptions {
  /** Absent: the endpoint's own. */
  readonly path?: string;
}

/** The streamable HTTP transport of MCP: a POST for each message, a GET for what the server says unasked. */
export class StreamableHttp implements Transport {
  readonly serveHere = undefined;
  readonly #path: RedirectedPath;

  constructor(endpoint: Endpoint, { path }: StreamableHttpOptions = {}) {
    this.#path = new RedirectedPath(endpoint, path);
  }

  start(request: TransportRequest): Promise<Answer> {
    return this.send(request);
  }

  async send({ session, text, headers, sign, signal }: TransportRequest): Promise<Answer> {
    const sent = messageHeaders(session, headers);
    const request = { method: "POST", headers: sent, body: text, sign, signal } as const;
    return await answerOf(await this.#path.request(request), session, signal);
  }

  async receive(request: TransportRequest): Promise<Answer> {
    const { session, lastEventId, headers, sign, signal } = request;
    const sent = {
      ...sessionHeaders(session),
      accept: SSE_CONTENT_TYPE,
      ...(lastEventId === undefined ? {} : { "last-event-id": lastEventId }),
      ...headers,
    };
    const get = { method: "GET", headers: sent, isStream: true, sign, signal } as const;
    const answer = await answerOf(await this.#path.request(get), session, signal);
    if (answer.kind === "events" || answer.kind === "session-unknown") return answer;
    if (answer.kind === "json") answer.body.destroy();
    if (answer.kind !== "refused") return UNSUPPORTED;
    if (answer.statusCode === 400 && session.sessionId !== undefined) return SESSION_UNKNOWN;
    const { statusCode } = answer;
    if (statusCode >= 500 || statusCode === 409) return answer;
    return statusCode === 401 ? { kind: "unsupported", statusCode } : UNSUPPORTED;
  }

  async close({ session, headers, sign, signal }: TransportRequest): Promise<Answer> {
    const sent = { ...sessionHeaders(session), ...headers };
    const request = { method: "DELETE", headers: sent, sign, signal } as const;
    const response = await this.#path.request(request);
    const { statusCode } = response;
    if (statusCode >= 300 && statusCode !== 405) return await answerOf(response, session, signal);
    response.body.discard();
    return statusCode === 405 ? UNSUPPORTED : ACCEPTED;
  }

  async probe({ headers, sign, signal }: TransportRequest): Promise<Answer> {
    const sent = { ...MESSAGE_HEADERS, ...headers };
    const request = { method: "POST", headers: sent, body: PING, sign, signal } as const;
    const response = await this.#path.request(request);
    const { statusCode, body } = response;
    if (statusCode === 401) return await refusalOf(response, signal);
    body.destroy();
    if (statusCode >= 500) throw new Error(`a ping got HTTP ${statusCode}`);
    return ACCEPTED;
  }

  async finish(): Promise<void> {}

  destroy(): void {}
}

const ACCEPTED: Answer = { kind: "accepted" };
const UNSUPPORTED: Answer = { kind: "unsupported" };
const SESSION_UNKNOWN: Answer = { kind: "session-unknown" };

function sessionHeaders({ sessionId, protocol }: SessionRef): Record<string, string> {
  return {
    ...(protocol === "" ? {} : { "mcp-protocol-version": protocol }),
    ...(sessionId === undefined ? {} : { "mcp-session-id": sessionId }),
  };
}

/** One object for all of them, since every call has one. */
function messageHeaders(
  { sessionId, protocol }: SessionRef,
  more: TransportRequest["headers"],
): Record<string, string> {
  const headers: Record<string, string> = {};
  if (protocol !== "") headers["mcp-protocol-version"] = protocol;
  if (sessionId !== undefined) headers["mcp-session-id"] = sessionId;
  headers.accept = MESSAGE_HEADERS.accept;
  headers["content-type"] = MESSAGE_HEADERS["content-type"];
  return more === undefined ? headers : Object.assign(headers, more);
}

/** The events of a body, each held until it is read. */
export function eventsOf(body: ResponseBody): AsyncGenerator<SseEvent> {
  return readEvents(body, { maxCharacters: body.limits.maxBytes, hold: body.hold });
}

/** What a response means. */
async function answerOf(
  response: HttpResponse,
  { sessionId }: SessionRef,
  signal: AbortSignal,
): Promise<Answer> {
  const { statusCode, headers, body } = response;
  // A process of ours says so with HTTP 200, too: within a session, errors are JSON-RPC.
  if (headers[NOT_PROCESSED_HEADER] !== undefined) return await refusalOf(response, signal);
  if (statusCode === 202 || statusCode === 204) {
    body.discard();
    return ACCEPTED;
  }
  if (statusCode >= 200 && statusCode < 300) {
    const contentType = contentTypeOf(response);
    const header = headers["mcp-session-id"];
    const given = typeof header === "string" ? header : undefined;
    // As official clients do, by how it begins: `application/json-rpc`.
    if (contentType?.startsWith(JSON_CONTENT_TYPE)) {
      return { kind: "json", body, sessionId: given };
    }
    if (contentType === SSE_CONTENT_TYPE) {
      const destroy = () => body.destroy();
      return { kind: "events", events: eventsOf(body), sessionId: given, destroy };
    }
  }
  if (statusCode === 404 && sessionId !== undefined) {
    body.discard();
    return SESSION_UNKNOWN;
  }
  return await refusalOf(response, signal);
}
