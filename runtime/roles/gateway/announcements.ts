import { Backoff } from "../../platform/backoff.ts";
import { clock } from "../../platform/clock.ts";
import type { UpstreamSession } from "../../upstream/sessions/upstream-session.ts";
import { heardStream } from "../../upstream/transports/heard-stream.ts";
import { envelopeOf } from "../../wire/message.ts";
import { type ListName, listsChangedBy } from "../../wire/methods.ts";
import type { SseEvent } from "../../wire/sse.ts";

/** How long a stream that ended is left alone before it is opened again: at first, and at most. */
const STREAM_RETRY = { firstMs: 500, maxMs: 30_000 };

export interface AnnouncementsParts {
  readonly session: UpstreamSession;
  /** How long to wait before asking for a stream again where the backend has none. */
  readonly retryMs: number;
  /** The backend says that these lists have changed; undefined: any may have, unheard. */
  readonly onChanged: (lists: readonly ListName[] | undefined) => void;
  /** The stream failed. Throws where more than that did. */
  readonly onFailed: (error: unknown, signal: AbortSignal) => Promise<void>;
}

/** What a backend announces in one session there, where it does. Nothing waits for the stream. */
export class Announcements {
  readonly #parts: AnnouncementsParts;
  #isHeard = false;

  constructor(parts: AnnouncementsParts) {
    this.#parts = parts;
  }

  /** Whether they are heard right now. */
  get isHeard(): boolean {
    return this.#isHeard;
  }

  /** @throws where the session is lost, or the signal's reason. */
  async run(signal: AbortSignal): Promise<never> {
    const { session, retryMs, onFailed } = this.#parts;
    const backoff = new Backoff(STREAM_RETRY);
    let wasOpen = false;
    for (;;) {
      let pauseMs = retryMs;
      try {
        const stream = await session.receive(signal);
        if (stream.kind === "session-unknown" && wasOpen) {
          throw new Error("the backend forgot the discovery session");
        }
        if (stream.kind === "events") {
          wasOpen = true;
          pauseMs = await this.#hearAll(stream.events, backoff, signal);
        }
      } catch (error) {
        await onFailed(error, signal);
        pauseMs = backoff.nextMs();
      }
      await clock.sleep(pauseMs, { signal });
    }
  }

  /** Returns how long to wait for the next stream when this one has ended. */
  async #hearAll(
    events: AsyncIterable<SseEvent>,
    backoff: Backoff,
    signal: AbortSignal,
  ): Promise<number> {
    this.#isHeard = true;
    // What changed before the stream was open went unheard.
    this.#parts.onChanged(undefined);
    try {
      return await heardStream(events, backoff, (event) => this.#hear(event, signal));
    } finally {
      this.#isHeard = false;
    }
  }

  async #hear(event: SseEvent, signal: AbortSignal): Promise<void> {
    const envelope = envelopeOf(event.data);
    if (envelope === undefined) return;
    if (envelope.kind === "request") {
      const refusal = "no client stands behind this session";
      return await this.#parts.session.respond(envelope, -32601, refusal, signal);
    }
    this.#parts.onChanged(listsChangedBy(envelope.method));
  }
}
