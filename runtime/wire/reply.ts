import type { Readable } from "node:stream";

import type { FleetError } from "./fleet-error.ts";

/** One JSON-RPC message, most of which is there already, as bytes: not to be written to. */
export interface FramedMessage {
  readonly head: string;
  readonly body: Buffer;
  readonly tail: string;
}

export function framedText({ head, body, tail }: FramedMessage): string {
  return `${head}${body}${tail}`;
}

/**
 * The answer to one request, as the code that answers sees it. Either one JSON message (`message` or
 * `stream`), or any number of events and an `end`. The first of them decides what the client gets:
 * `application/json` or an SSE stream. Writers wait for what they get back: that is the backpressure.
 */
export interface Reply {
  /** Whether anything was sent, after which the HTTP status cannot change. */
  readonly begun: boolean;
  /** Whether an event may still go ahead of the answer. If not, all but the answer is dropped. */
  readonly takesEvents: boolean;
  /** The client is gone: what is written from now on is dropped. */
  readonly isGone: boolean;
  /** The whole answer: one JSON-RPC message. */
  message(text: string | Buffer): void;
  /** The same, without a copy of the body where that can be. */
  framed(message: FramedMessage): void;
  /** The whole answer, passed on as it arrives. */
  stream(body: Readable): Promise<void>;
  /** One message of an SSE answer. */
  event(text: string): Promise<void>;
  /** The end of an SSE answer; with nothing sent before, an empty one. */
  end(): void;
  /** The answer that says what went wrong, as HTTP status or as last event. */
  fail(error: FleetError): void;
}
