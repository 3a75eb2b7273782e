import type { FastifyReply } from "fastify";

import { SSE_CONTENT_TYPE } from "../wire/sse.ts";

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
