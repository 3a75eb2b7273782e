import { SSE_CONTENT_TYPE, type SseEvent } from "../../wire/sse.ts";
import { describe } from "./answer-text.ts";
import type { RedirectedPath } from "./redirected-path.ts";
import { contentTypeOf, refusalOf } from "./refusal.ts";
import { eventsOf } from "./streamable-http.ts";
import type { Refusal } from "./transport.ts";
import { TransportFault } from "./transport-fault.ts";

/** The event stream of a session of HTTP+SSE. */
export interface EventStream {
  /** Where messages are posted: what the stream's first event said. */
  readonly path: string;
  /** Those after the first one. */
  readonly events: AsyncIterable<SseEvent>;
  /** Closes it. */
  readonly stop: AbortController;
}

/**
 * Opens a stream and waits for its first event. Returns the refusal of a server that wants other credentials.
 *
 * @throws TransportFault, or the signal's reason.
 */
export async function openEventStream(
  path: RedirectedPath,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<EventStream | Refusal> {
  const stop = new AbortController();
  const abort = () => stop.abort(signal.reason);
  signal.addEventListener("abort", abort);
  try {
    const response = await path.request({
      method: "GET",
      headers: { accept: SSE_CONTENT_TYPE, ...headers },
      isStream: true,
      signal: stop.signal,
    });
    const { statusCode, body } = response;
    if (statusCode === 401) return await refusalOf(response, signal);
    if (statusCode !== 200 || contentTypeOf(response) !== SSE_CONTENT_TYPE) {
      throw new Error(`the event stream got ${describe(await refusalOf(response, signal))}`);
    }
    const events = eventsOf(body);
    const first = await events.next();
    const postPath = first.done ? undefined : pathOf(first.value, path.address);
    if (postPath === undefined) {
      throw new Error("the event stream names no endpoint of its own origin");
    }
    return { path: postPath, events, stop };
  } catch (error) {
    stop.abort(error);
    if (signal.aborted) throw signal.reason;
    throw error instanceof TransportFault ? error : new TransportFault(false, error);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

/** Messages go nowhere but to the server that was asked. */
function pathOf({ type, data }: SseEvent, address: string): string | undefined {
  if (type !== "endpoint" || !URL.canParse(data, address)) return undefined;
  const { origin, pathname, search } = new URL(data, address);
  return origin === new URL(address).origin ? pathname + search : undefined;
}
