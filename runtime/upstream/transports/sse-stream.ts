import { readEvents, SSE_CONTENT_TYPE, type SseEvent } from "../../wire/sse.ts";
import type { Pod } from "../endpoints/pod.ts";
import { TransportFault } from "./transport-fault.ts";

/** The event stream of a session of HTTP+SSE. */
export interface SseStream {
  /** Where messages are posted: what the stream's first event said. */
  readonly path: string;
  /** Those after the first one. */
  readonly events: AsyncIterable<SseEvent>;
  /** Closes it. */
  readonly stop: AbortController;
}

/** Opens a stream and waits for its first event. Errors: TransportFault, or the signal's reason. */
export async function openSseStream(pod: Pod, signal: AbortSignal): Promise<SseStream> {
  const stop = new AbortController();
  const abort = () => stop.abort(signal.reason);
  signal.addEventListener("abort", abort);
  try {
    const headers = { accept: SSE_CONTENT_TYPE };
    const request = { method: "GET", headers, purpose: "stream", signal: stop.signal } as const;
    const { statusCode, body } = await pod.send(request);
    if (statusCode !== 200) throw new Error(`the event stream got HTTP ${statusCode}`);
    const events = readEvents(body);
    const first = await events.next();
    const path = first.done ? undefined : endpointOf(first.value, pod.address);
    if (path === undefined) throw new Error("the event stream names no endpoint of its own origin");
    return { path, events, stop };
  } catch (error) {
    stop.abort(error);
    if (signal.aborted) throw signal.reason;
    throw error instanceof TransportFault ? error : new TransportFault(false, error);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

/** Messages go nowhere but to the server that was asked. */
function endpointOf({ type, data }: SseEvent, address: string): string | undefined {
  if (type !== "endpoint" || !URL.canParse(data, address)) return undefined;
  const { origin, pathname, search } = new URL(data, address);
  return origin === new URL(address).origin ? pathname + search : undefined;
}
