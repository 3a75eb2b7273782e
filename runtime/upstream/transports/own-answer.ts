import { SSE_CONTENT_TYPE } from "../../wire/sse.ts";
import { AnswerBody } from "./answer-body.ts";
import type { UpstreamResponse } from "./exchange.ts";

const NOTHING = { pause: () => {}, resume: () => {}, abort: () => {} };

/** The answer of a server that would speak streamable HTTP: a stream of events. */
export function streamOf(body: AnswerBody): UpstreamResponse {
  return { statusCode: 200, headers: { "content-type": SSE_CONTENT_TYPE }, body };
}

/** The same without a body. */
export function statusOf(
  statusCode: number,
  headers: UpstreamResponse["headers"] = {},
): UpstreamResponse {
  const body = new AnswerBody(NOTHING);
  body.end();
  return { statusCode, headers, body };
}
