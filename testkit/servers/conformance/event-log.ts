import type { EventStore } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import type { JSONRPCMessage } from "@modelcontextprotocol/sdk/types.js";

/**
 * The events of one session, kept for as long as the session lives, so that a client that lost a
 * stream can take it up again with `Last-Event-ID`. An id is the event's place in the session.
 */
export class ConformanceEventLog implements EventStore {
  readonly #events: { streamId: string; message: JSONRPCMessage }[] = [];

  async storeEvent(streamId: string, message: JSONRPCMessage): Promise<string> {
    return String(this.#events.push({ streamId, message }) - 1);
  }

  async getStreamIdForEventId(eventId: string): Promise<string | undefined> {
    return this.#events[Number(eventId)]?.streamId;
  }

  async replayEventsAfter(
    lastEventId: string,
    { send }: { send: (eventId: string, message: JSONRPCMessage) => Promise<void> },
  ): Promise<string> {
    const streamId = await this.getStreamIdForEventId(lastEventId);
    if (streamId === undefined) throw new Error(`Unknown event id: ${lastEventId}`);
    for (const [place, event] of this.#events.entries()) {
      if (place > Number(lastEventId) && event.streamId === streamId) {
        await send(String(place), event.message);
      }
    }
    return streamId;
  }
}
