import type { IncomingMessage } from "node:http";
import { FleetError } from "../wire/fleet-error.ts";
import { RequestIdScanner } from "../wire/request-id-scanner.ts";

/** What counts the bytes of one body, which is the reader's to release. */
export interface BodyRoom {
  /** Holds so much in all. Where there is no room at once, returns what resolves when there is, or nobody waits any more. */
  grow(bytes: number): Promise<void> | undefined;
  /** All of it is there. */
  arrived(): void;
  /** What is told of the error that the body is refused with. Nothing of it is held then. */
  onRefusal(listener: (error: FleetError) => void): void;
  /** Nothing of it is held any more. */
  release(): void;
}

export interface BodyRules {
  readonly hold: BodyRoom;
  readonly maxBytes: number;
  /** What a longer body is refused with. */
  readonly tooLarge: () => FleetError;
  /** Whether a refusal answers the request in the body, so that its id is looked for first. */
  readonly namesRequest: boolean;
}

/** The id of a request is looked for in so many times what a body may have: most clients write it last. */
const NAMED_TIMES = 8;

/**
 * The whole body of a request. What comes of a refused one is read on and dropped, for the time that a request has:
 * closed with bytes unread, the connection would reset, and the client might never see the answer.
 *
 * @throws the error of `tooLarge` for a body that is longer than `maxBytes`, TOO_MANY_BYTES for one that finds no room,
 * both with the id of the request where that is wanted and found; INVALID_REQUEST for one that breaks off.
 */
export function readBody(
  request: IncomingMessage,
  { hold, maxBytes, tooLarge, namesRequest }: BodyRules,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    let refusal: FleetError | undefined;
    let ids: RequestIdScanner | undefined;
    const end = (error: FleetError) => {
      ids = undefined;
      reject(error);
    };
    const look = (chunk: Buffer) => {
      const idText = ids?.push(chunk);
      if (refusal === undefined || ids === undefined) return;
      if (idText !== undefined) end(refusal.withId(idText));
      else if (bytes > NAMED_TIMES * maxBytes) end(refusal);
    };
    const refuse = (error: FleetError) => {
      if (refusal !== undefined) return;
      refusal = error;
      const arrived = chunks.splice(0);
      hold.release();
      if (!namesRequest) return end(error);
      ids = new RequestIdScanner();
      for (const chunk of arrived) look(chunk);
    };
    const onData = (chunk: Buffer) => {
      bytes += chunk.length;
      if (refusal !== undefined) return look(chunk);
      chunks.push(chunk);
      if (bytes > maxBytes) return refuse(tooLarge());
      const room = hold.grow(bytes);
      if (room === undefined) return;
      request.pause();
      void room.then(() => request.resume());
    };
    const onEnd = () => {
      if (refusal !== undefined) return end(refusal);
      hold.arrived();
      resolve(Buffer.concat(chunks));
      // The request keeps its listeners, and they these, until it is answered.
      chunks.length = 0;
    };
    const onBreak = (cause?: Error) => {
      if (request.complete) return;
      reject(new FleetError("INVALID_REQUEST", { message: "the body breaks off", cause }));
    };
    hold.onRefusal(refuse);
    if (Number(request.headers["content-length"]) > maxBytes) refuse(tooLarge());
    request.on("data", onData).on("end", onEnd).on("error", onBreak).on("close", onBreak);
  });
}

/** Whether a request has a body of which not all has come. */
export function hasUnreadBody({ complete, headers }: IncomingMessage): boolean {
  if (complete) return false;
  return headers["transfer-encoding"] !== undefined || Number(headers["content-length"]) > 0;
}
