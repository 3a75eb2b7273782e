import { Readable } from "node:stream";
import type { Logger } from "pino";
import { Backoff } from "../platform/backoff.ts";
import { clock } from "../platform/clock.ts";
import type { Events } from "../sessions/events.ts";
import type { LiveSession } from "../sessions/live-session.ts";
import { AFTER_RESPONSE_MS, type UpstreamSession } from "../upstream/sessions/upstream-session.ts";
import type { Answer } from "../upstream/transports/transport.ts";
import { TransportFault } from "../upstream/transports/transport-fault.ts";
import { at, cut, replace, withMember } from "../wire/json-text.ts";
import { type Envelope, envelopeOf, isSameId } from "../wire/message.ts";
import { listsChangedBy } from "../wire/methods.ts";
import type { Reply } from "../wire/reply.ts";
import type { SseEvent } from "../wire/sse.ts";
import type { CallTimer } from "./call-timer.ts";
import { relayedRequest } from "./relayed-request.ts";
import type { RequestContext } from "./request-context.ts";

/** Answers up to this size are sent whole, so that one which breaks off still gets an honest error. */
const WHOLE_ANSWER_BYTES = 256 * 1024;

/** How long to wait before going on with a stream whose server does not say: at first, and at most. */
const RESUME = { firstMs: 1_000, maxMs: 15_000 };

/** The key in a result's `_meta` that says: this backend lost the session's memory before this call. */
export const RENEWED_META_KEY = "mcp-fleet/backendSessionRenewed";

export interface AnswerRelayParts {
  readonly upstream: UpstreamSession;
  readonly idText: string;
  readonly context: RequestContext;
  readonly session: LiveSession;
  readonly timer: CallTimer;
  readonly reply: Reply;
  /** Clients hear of changed lists in the backend's own words; otherwise in ours. */
  readonly passesListChanges: boolean;
  readonly events: Events;
  readonly log: Logger;
  /** The answer was handed to the client; called once. */
  readonly answered: () => void;
}

type JsonAnswer = Extract<Answer, { readonly kind: "json" }>;
type EventsAnswer = Extract<Answer, { readonly kind: "events" }>;

/** Carries one answer from a backend to the client as it is, but for the ids of what the backend asks. */
export class AnswerRelay {
  readonly #parts: AnswerRelayParts;
  #answered = false;

  constructor(parts: AnswerRelayParts) {
    this.#parts = parts;
  }

  /** @throws TransportFault where the answer broke off, or the reason with which the call was cut. */
  async relay(answer: JsonAnswer | EventsAnswer): Promise<void> {
    const { context } = this.#parts;
    try {
      if (answer.kind === "events") await this.#events(answer);
      else await this.#json(answer);
    } catch (error) {
      if (this.#answered) return;
      if (context.signal.aborted) throw context.signal.reason;
      // Whatever broke off, such as the GET that goes on with a stream: the call itself was sent.
      throw new TransportFault(true, error);
    }
  }

  async #json({ body, lengthBytes }: JsonAnswer): Promise<void> {
    const { reply, upstream, timer, idText } = this.#parts;
    const renewed = upstream.record.renewed === true;
    const limitBytes = renewed ? Number.POSITIVE_INFINITY : WHOLE_ANSWER_BYTES;
    const { bytes, isWhole } = await body.start(limitBytes, () => timer.extend());
    if (isWhole) {
      const text = bytes.toString("utf8");
      const envelope = envelopeOf(text);
      if (envelope?.kind !== "response" || !isSameId(envelope.idText, idText)) {
        throw new TransportFault(true, "the answer is not the JSON-RPC response to this request");
      }
      reply.message(renewed ? this.#withRenewedMeta(text) : bytes);
    } else {
      const whole = Readable.from(this.#alive(bytes, body), { objectMode: false });
      await reply.stream(whole, lengthBytes);
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

  async #events(answer: EventsAnswer): Promise<void> {
    const { upstream, context, log } = this.#parts;
    const backoff = new Backoff(RESUME);
    let last = await this.#pump(answer.events);
    while (!this.#answered) {
      if (last?.id === undefined) {
        throw new TransportFault(true, "the stream ended without an answer");
      }
      await clock.sleep(backoff.nextMs(last.retryMs), { signal: context.signal });
      log.debug({ backend: upstream.backend.name }, "resuming a stream that ended early");
      const stream = await upstream.receive(context.signal, last.id);
      if (stream.kind !== "events") {
        throw new TransportFault(true, "the stream cannot be gone on with");
      }
      const next = await this.#pump(stream.events);
      if (next !== undefined) backoff.reset();
      last = next ?? last;
    }
  }

  /** Passes events on until the stream ends. Returns the last event, from which a stream can go on. */
  async #pump(events: AsyncIterable<SseEvent>): Promise<SseEvent | undefined> {
    let last: SseEvent | undefined;
    try {
      for await (const event of events) {
        last = event;
        if (event.data !== "" && !this.#answered) await this.#pass(event.data);
      }
    } catch (error) {
      if (this.#answered || this.#parts.context.signal.aborted || last?.id === undefined)
        throw error;
    }
    return last;
  }

  async #pass(text: string): Promise<void> {
    const { reply, timer, idText, upstream, log } = this.#parts;
    const envelope = envelopeOf(text);
    if (envelope === undefined) {
      log.warn(
        { backend: upstream.backend.name },
        "a backend sent an event that is not a JSON-RPC message",
      );
    } else if (envelope.kind === "response") {
      const { id } = envelope;
      if (id === undefined || !isSameId(envelope.idText, idText)) return;
      const answer = envelope.idText === idText ? text : replace(text, id, idText);
      await reply.event(upstream.record.renewed === true ? this.#withRenewedMeta(answer) : answer);
      reply.end();
      this.#done();
    } else if (envelope.kind === "request") {
      await this.#ask(text, envelope);
    } else if (listsChangedBy(envelope.method).length > 0) {
      await this.#listChanged(text);
    } else {
      if (envelope.method === "notifications/progress") timer.extend();
      await reply.event(text);
    }
  }

  async #listChanged(text: string): Promise<void> {
    const { reply, upstream, session, passesListChanges, events } = this.#parts;
    events.emit("listChanged", session, upstream.backend.name);
    if (passesListChanges) await reply.event(text);
  }

  /** A request of the backend: pings are answered here, everything else by the client. */
  async #ask(text: string, envelope: Envelope): Promise<void> {
    const { reply, timer, upstream, context } = this.#parts;
    if (envelope.method === "ping" || reply.gone.aborted) {
      await upstream.respond(envelope, -32000, "the client that called is gone", context.signal);
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

  #withRenewedMeta(text: string): string {
    const result = at(text, "result");
    if (result === undefined) return text;
    const mark = JSON.stringify({ backend: this.#parts.upstream.backend.name });
    const meta = at(text, "result", "_meta");
    const metaText = withMember(
      meta === undefined ? "{}" : cut(text, meta),
      RENEWED_META_KEY,
      mark,
    );
    return replace(text, result, withMember(cut(text, result), "_meta", metaText));
  }
}
