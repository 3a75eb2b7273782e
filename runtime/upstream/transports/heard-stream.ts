import type { Backoff } from "../../platform/backoff.ts";
import { clock } from "../../platform/clock.ts";
import type { SseEvent } from "../../wire/sse.ts";

/**
 * Hears an event stream to its end. How long it lasted decides whether the next pause grows.
 *
 * @returns how long to wait before the next stream is opened, in milliseconds: what the server asks for counts.
 * @throws what the stream breaks off with, or `hear` throws.
 */
export async function heardStream(
  events: AsyncIterable<SseEvent>,
  backoff: Backoff,
  hear: (event: SseEvent) => Promise<void>,
): Promise<number> {
  const openedAtMs = clock.monotonicMs();
  let askedMs: number | undefined;
  try {
    for await (const event of events) {
      askedMs = event.retryMs ?? askedMs;
      await hear(event);
    }
  } finally {
    backoff.endedAfter(clock.monotonicMs() - openedAtMs);
  }
  return backoff.nextMs(askedMs);
}
