import { createParser } from "eventsource-parser";

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

/** An event, or a line of one, that is longer than this ends its stream: nothing is held without a limit. */
export const MAX_EVENT_CHARACTERS = 16 * 1024 * 1024;

/**
 * The events of a body, as they arrive. An event that the end of the body cuts off is dropped.
 *
 * @throws {ParseError} where an event is longer than `maxCharacters`.
 */
export async function* readEvents(
  body: AsyncIterable<Uint8Array>,
  maxCharacters = MAX_EVENT_CHARACTERS,
): AsyncGenerator<SseEvent> {
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
    parser.feed(decoder.decode(chunk, { stream: true }));
    if (overflow !== undefined) throw overflow;
    if (ready.length === 0) continue;
    const batch = ready;
    ready = [];
    yield* batch;
  }
}
