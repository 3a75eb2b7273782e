import type { IncomingMessage } from "node:http";
import { FleetError } from "../wire/fleet-error.ts";

/**
 * The whole body of a request. What comes of a refused one is read on and dropped, for the time that a request has:
 * closed with bytes unread, the connection would reset, and the client might never see the answer.
 *
 * @throws the error of `tooLarge` for a body that is longer than `maxBytes`, INVALID_REQUEST for one that breaks off.
 */
export function readBody(
  request: IncomingMessage,
  maxBytes: number,
  tooLarge: () => FleetError,
): Promise<Buffer> {
  if (Number(request.headers["content-length"]) > maxBytes) return Promise.reject(tooLarge());
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const onData = (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= maxBytes) return void chunks.push(chunk);
      if (bytes - chunk.length <= maxBytes) reject(tooLarge());
      chunks.length = 0;
    };
    const onEnd = () => resolve(Buffer.concat(chunks));
    const onBreak = (cause?: Error) => {
      if (request.complete) return;
      reject(new FleetError("INVALID_REQUEST", { message: "the body breaks off", cause }));
    };
    request.on("data", onData).on("end", onEnd).on("error", onBreak).on("close", onBreak);
  });
}

/** Whether a request has a body of which not all has come. */
export function hasUnreadBody({ complete, headers }: IncomingMessage): boolean {
  if (complete) return false;
  return headers["transfer-encoding"] !== undefined || Number(headers["content-length"]) > 0;
}
