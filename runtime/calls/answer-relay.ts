import { Readable } from "node:stream";

import type { Logger } from "pino";
import { clock } from "../platform/clock.ts";
import {
  AFTER_RESPONSE_MS,
  isSse,
  type UpstreamSession,
} from "../upstream/sessions/upstream-session.ts";
import type { UpstreamResponse } from "../upstream/transports/exchange.ts";
import { TransportFault } from "../upstream/transports/transport-fault.ts";
import { at, cut, replace, withMember } from "../wire/json-text.ts";
import { type Envelope, envelopeOf, isSameId } from "../wire/message.ts";
import type { Reply } from "../wire/reply.ts";
import { readEvents, type SseEvent } from "../wire/sse.ts";
import type { CallTimer } from "./call-timer.ts";
import { encodeRelayedId } from "./relayed-id.ts";

/** Answers up to this size are sent whole, so that one which breaks off still gets an honest error. */
const WHOLE_ANSWER_BYTES = 256 * 1024;

/** How long to wait before going on with a stream whose server does not say. */
const DEFAULT_RETRY_MS = 1_000;

/** The key in a result's `_meta` that says: this backend lost the session's memory before this call. */
export const RENEWED_META_KEY = "mcp-fleet/backendSessionRenewed";

export interface RelayParts {
  readonly upstream: UpstreamSession;
  readonly idText: string;
  readonly timer: CallTimer;
  readonly reply: Reply;
  readonly log: Logger;
  /** The answer was handed to the client; called once. */
  readonly answered: () => void;
  /** The backend said on the call's own stream that its lists changed. Answers what of that to pass on. */
  readonly listsChanged: (text: string) => string | undefined;
}

/** Carries one answer from a backend to the client as it is, but for the ids of what the backend asks. */
export class AnswerRelay {
  readonly #parts: RelayParts;
  #answered = false;

  constructor(parts: RelayParts) {
    this.#parts = parts;
  }

  /** Errors: TransportFault where the answer broke off, or the timer's reason. */
  async relay(response: UpstreamResponse): Promise<void> {
    const { timer } = this.#parts;
    try {
      if (isSse(response)) await this.#events(response);
      else await this.#json(response);
    } catch (error) {
      if (this.#answered) return;
      if (timer.signal.aborted) throw timer.signal.reason;
      // Whatever broke off, such as the GET that goes on with a stream: the call itself was sent.
      throw new TransportFault(true, error);
    }
  }

  async #json(response: UpstreamResponse): Promise<void> {
    const { reply, upstream, timer, idText } = this.#parts;
    const { body } = response;
    const renewed = upstream.record.renewed === true;
    const limitBytes = renewed ? Number.POSITIVE_INFINITY : WHOLE_ANSWER_BYTES;
    const { bytes, isWhole } = await body.start(limitBytes, () => timer.extend());
    if (isWhole) {
      const text = bytes.toString("utf8");
      const envelope = envelopeOf(text);
      if (envelope?.kind !== "response" || !isSameId(envelope.idText, idText)) {
        throw new TransportFault(true, "the answer is not the JSON-RPC response to this request");
      }
      reply.message(renewed ? this.#withNews(text) : bytes);
    } else {
      const whole = Readable.from(this.#alive(bytes, body), { objectMode: false });
      await reply.stream(whole, announcedLength(response));
      // A client that went away leaves a rest, which would keep the connection.
      body.destroy();
    }
    this.#done();
  }

  /** A body as it arrives: each piece says that the backend is at work. */
  async *#alive(start: Buffer, rest: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    yield start;
    for await (const piece of rest) {
      this.#parts.timer.extend();
      yield piece;
    }
  }

  async #events(response: UpstreamResponse): Promise<void> {
    const { upstream, timer, log } = this.#parts;
    let last = await this.#pump(readEvents(response.body));
    while (!this.#answered) {
      if (last?.id === undefined)
        throw new TransportFault(true, "the stream ended without an answer");
      await clock.sleep(last.retryMs ?? DEFAULT_RETRY_MS, { signal: timer.signal });
      log.debug({ backend: upstream.backend.name }, "going on with a stream that ended early");
      const stream = await upstream.stream(timer.signal, last.id);
      if (stream.kind !== "open")
        throw new TransportFault(true, "the stream cannot be gone on with");
      last = (await this.#pump(stream.events)) ?? last;
    }
  }

  /** Passes events on until the stream ends. Answers the last event, from which a stream can go on. */
  async #pump(events: AsyncIterable<SseEvent>): Promise<SseEvent | undefined> {
    let last: SseEvent | undefined;
    try {
      for await (const event of events) {
        last = event;
        if (event.data !== "" && !this.#answered) await this.#pass(event.data);
      }
    } catch (error) {
      if (this.#answered || this.#parts.timer.signal.aborted || last?.id === undefined) throw error;
    }
    return last;
  }

  async #pass(text: string): Promise<void> {
    const { reply, timer, idText, upstream, log } = this.#parts;
    const envelope = envelopeOf(text);
    if (envelope === undefined) {
      log.warn({ backend: upstream.backend.name }, "a backend sent an event that is no message");
    } else if (envelope.kind === "response") {
      const { id } = envelope;
      if (id === undefined || !isSameId(envelope.idText, idText)) return;
      const answer = envelope.idText === idText ? text : replace(text, id, idText);
      await reply.event(upstream.record.renewed === true ? this.#withNews(answer) : answer);
      reply.end();
      this.#done();
    } else if (envelope.kind === "request") {
      await this.#ask(text, envelope);
    } else if (envelope.method.endsWith("/list_changed")) {
      const news = this.#parts.listsChanged(text);
      if (news !== undefined) await reply.event(news);
    } else {
      if (envelope.method === "notifications/progress") timer.extend();
      await reply.event(text);
    }
  }

  /** A request of the backend: pings are answered here, everything else by the client. */
  async #ask(text: string, envelope: Envelope): Promise<void> {
    const { reply, timer, upstream } = this.#parts;
    if (envelope.method === "ping" || reply.gone.aborted) {
      await upstream.settle(envelope, -32000, "the client that called is gone", timer.signal);
      return;
    }
    timer.untilCap();
    await reply.event(relayedRequest(text, envelope, upstream));
  }

  #done(): void {
    this.#answered = true;
    this.#parts.timer.finishWithin(AFTER_RESPONSE_MS);
    this.#parts.answered();
  }

  #withNews(text: string): string {
    const result = at(text, "result");
    if (result === undefined) return text;
    const news = JSON.stringify({ backend: this.#parts.upstream.backend.name });
    const meta = at(text, "result", "_meta");
    const metaText = withMember(
      meta === undefined ? "{}" : cut(text, meta),
      RENEWED_META_KEY,
      news,
    );
    return replace(text, result, withMember(cut(text, result), "_meta", metaText));
  }
}

/** The backend's request under ids that bring the answer back to this backend session from anywhere. */
export function relayedRequest(
  text: string,
  envelope: Envelope,
  upstream: UpstreamSession,
): string {
  const from = { backend: upstream.backend.name, epoch: upstream.record.epoch };
  const relayed = (originalText: string) => encodeRelayedId({ ...from, originalText });
  const token = at(text, "params", "_meta", "progressToken");
  const renamed = token === undefined ? text : replace(text, token, relayed(cut(text, token)));
  const id = token === undefined ? envelope.id : at(renamed, "id");
  return id === undefined ? renamed : replace(renamed, id, relayed(envelope.idText));
}

function announcedLength(response: UpstreamResponse): number | undefined {
  const header = response.headers["content-length"];
  const encoded = response.headers["content-encoding"] !== undefined;
  return typeof header === "string" && !encoded ? Number(header) : undefined;
}
