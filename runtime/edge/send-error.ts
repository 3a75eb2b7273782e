import type { FastifyReply } from "fastify";

import { ERROR_TABLE, type ErrorRow, NOT_PROCESSED_HEADER } from "../wire/error-table.ts";
import type { FleetError } from "../wire/fleet-error.ts";

/** The one place that turns an error into an HTTP response. */
export function sendError(reply: FastifyReply, error: FleetError, idText?: string): void {
  const row: ErrorRow = ERROR_TABLE[error.code];
  if (error.retryAfterSeconds !== undefined) reply.header("retry-after", error.retryAfterSeconds);
  if (error.challenge !== undefined) reply.header("www-authenticate", error.challenge);
  if (row.notProcessed) reply.header(NOT_PROCESSED_HEADER, "true");
  reply
    .code(error.statusCode)
    .header("content-type", "application/json")
    .send(error.toJsonRpc(error.idText ?? idText));
}
