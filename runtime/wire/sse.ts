import { createParser } from "eventsource-parser";
import { EventSize } from "./event-size.ts";

export interface SseEvent {
  readonly data: string;
  /** Absent: a message. */
  readonly type?: string;
  readonly id?: string;
  /** What the server asks to wait before a reconnect; sent with this event or before it. */
  readonly retryMs?: number;
}

export const SSE_CONTENT_TYPE = "text/event-stream";

/** A comment: keeps proxies from closing an idle stream and finds out that a reader is gone. */
export const SSE_KEEP_ALIVE = ": keep-alive\n\n";

/** One event that carries one JSON-RPC message. JSON may hold raw line breaks between its tokens. */
export function encodeEvent(data: string): string {
  if (!data.includes("\n") && !data.includes("\r")) return `event: message\ndata: ${data}\n\n`;
  return `event: message\ndata: ${data.split(/\r\n|\r|\n/).join("\ndata: ")}\n\n`;
}

/** What stands around the JSON of an event that is written piece by piece. */
export const EVENT_START = "event: message\ndata: ";
export const EVENT_END = "\n\n";

/** A piece of JSON without line breaks: they are spaces between its tokens, as strings have none. The piece is changed. */
export function inOneLine(piece: Buffer): Buffer {
  for (const lineBreak of [0x0a, 0x0d]) {
    for (let at = piece.indexOf(lineBreak); at !== -1; at = piece.indexOf(lineBreak, at + 1)) {
      piece[at] = 0x20;
    }
  }
  return piece;
}

/** Accounts for what is held of an event until it is whole. */
export interface EventHold {
  /** Holds so much in all; waits until there is room. */
  grow(bytes: number): Promise<void>;
  release(): void;
}

export interface EventLimits {
  /** An event, or a line of one, that is longer ends its stream. Default: no limit. */
  readonly maxCharacters?: number;
  /** Default: it is not accounted for. */
  readonly hold?: EventHold;
}

/**
 * The events of a body, as they arrive. An event that the end of the body cuts off is dropped.
 *
 * @throws {ParseError} where an event is longer than `maxCharacters`.
 */
export async function* readEvents(
  body: AsyncIterable<Uint8Array>,
  { maxCharacters = Number.POSITIVE_INFINITY, hold }: EventLimits = {},
): AsyncGenerator<SseEvent> {
  const size = new EventSize();
  const decoder = new TextDecoder();
  let ready: SseEvent[] = [];
  let retryMs: number | undefined;
  let lastId: string | undefined;
  let overflow: Error | undefined;
  const parser = createParser({
    maxBufferSize: maxCharacters,
    onError: (error) => {
      if (error.type === "max-buffer-size-exceeded") overflow = error;
    },
    onRetry: (milliseconds) => {
      retryMs = milliseconds;
    },
    onId: (id) => {
      lastId = id;
    },
    onEvent: (event) => {
      ready.push({
        data: event.data,
        ...(event.event === undefined || event.event === "message" ? {} : { type: event.event }),
        ...(lastId === undefined ? {} : { id: lastId }),
        ...(retryMs === undefined ? {} : { retryMs }),
      });
    },
  });
  for await (const chunk of body) {
    const text = decoder.decode(chunk, { stream: true });
    if (hold !== undefined) await hold.grow(size.add(text));
    parser.feed(text);
    if (overflow !== undefined) throw overflow;
    if (ready.length === 0) continue;
    const batch = ready;
    ready = [];
    yield* batch;
    // Whoever read them is done with them now.
    hold?.release();
  }
}
