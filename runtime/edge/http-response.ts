import type { IncomingMessage, OutgoingHttpHeader, OutgoingHttpHeaders } from "node:http";
import type { FastifyReply } from "fastify";
import { ServerResponse } from "../platform/sockets.ts";
import { ERROR_TABLE, type ErrorRow, NOT_PROCESSED_HEADER } from "../wire/error-table.ts";
import { asFleetError, FleetError } from "../wire/fleet-error.ts";
import { JSON_CONTENT_TYPE } from "../wire/message.ts";
import { SSE_CONTENT_TYPE } from "../wire/sse.ts";
import { hasUnreadBody } from "./body-reader.ts";
import type { Drain } from "./drain.ts";

type Headers = OutgoingHttpHeaders | OutgoingHttpHeader[];

/** The one place that turns an error into an HTTP response. */
export function sendError(
  reply: FastifyReply,
  error: FleetError,
  idText?: string,
  statusCode = error.statusCode,
): void {
  const row: ErrorRow = ERROR_TABLE[error.code];
  if (error.retryAfterSeconds !== undefined) reply.header("retry-after", error.retryAfterSeconds);
  if (error.challenge !== undefined) reply.header("www-authenticate", error.challenge);
  if (row.notProcessed) reply.header(NOT_PROCESSED_HEADER, "true");
  reply
    .code(statusCode)
    .header("content-type", JSON_CONTENT_TYPE)
    .send(error.toJsonRpc(error.idText ?? idText));
}

/** Takes an answer out of Fastify's hands, with the headers that are set by then, to be written piece by piece. */
export function beginAnswer(reply: FastifyReply, headers: Readonly<Record<string, string>>): void {
  reply.hijack();
  for (const [name, value] of Object.entries(reply.getHeaders())) {
    if (value !== undefined) reply.raw.setHeader(name, value);
  }
  reply.raw.writeHead(200, headers);
}

/** The same for a stream of events, whose head is sent at once. */
export function beginEvents(
  reply: FastifyReply,
  more: Readonly<Record<string, string>> = {},
): void {
  const headers = { "content-type": SSE_CONTENT_TYPE, "cache-control": "no-cache, no-transform" };
  beginAnswer(reply, { ...headers, ...more });
  reply.raw.flushHeaders();
}

/**
 * Responses that say `Connection: close` while the process ends. That is known when an answer begins, not when its
 * request comes: in between, a call may have waited for longer than the process lingers.
 */
export function drainedResponse(drain: Drain): typeof ServerResponse {
  return class<Request extends IncomingMessage> extends ServerResponse<Request> {
    override writeHead(status: number, ...rest: [(string | Headers)?, Headers?]): this {
      // Closed with a body unread, the connection would reset, and the answer be lost: the next one says it.
      if (drain.closesConnections && !hasUnreadBody(this.req)) {
        this.setHeader("connection", "close");
      }
      return Reflect.apply(super.writeHead, this, [status, ...rest]);
    }
  };
}

/** What Fastify refuses before a route sees it, in our words. */
export function translate(thrown: unknown): FleetError {
  const code = thrown instanceof Error && "code" in thrown ? thrown.code : undefined;
  if (code === "FST_ERR_CTP_INVALID_MEDIA_TYPE") return new FleetError("UNSUPPORTED_MEDIA_TYPE");
  if (code === "FST_ERR_CTP_BODY_TOO_LARGE") return new FleetError("BODY_TOO_LARGE");
  const status = thrown instanceof Error && "statusCode" in thrown ? thrown.statusCode : undefined;
  const known = thrown instanceof FleetError || typeof status !== "number" || status >= 500;
  return known ? asFleetError(thrown) : new FleetError("INVALID_REQUEST", { cause: thrown });
}
