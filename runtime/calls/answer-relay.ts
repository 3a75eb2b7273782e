import { Readable } from "node:stream";
import type { Logger } from "pino";
import { Hold } from "../async/byte-budget.ts";
import { untilAborted } from "../async/until-aborted.ts";
import { Backoff } from "../platform/backoff.ts";
import { clock } from "../platform/clock.ts";
import type { Events } from "../sessions/events.ts";
import type { LiveSession } from "../sessions/live-session.ts";
import type { ResponseBody } from "../upstream/endpoints/response-body.ts";
import { AFTER_RESPONSE_MS, type UpstreamSession } from "../upstream/sessions/upstream-session.ts";
import type { Answer } from "../upstream/transports/transport.ts";
import { TransportFault } from "../upstream/transports/transport-fault.ts";
import { at, cut, replace, withMember } from "../wire/json-text.ts";
import { type Envelope, envelopeOf } from "../wire/message.ts";
import { listsChangedBy } from "../wire/methods.ts";
import type { Reply } from "../wire/reply.ts";
import { type RequestIds, responseTo } from "../wire/response.ts";
import { ResponseScanner } from "../wire/response-scanner.ts";
import type { SseEvent } from "../wire/sse.ts";
import { noticeFor } from "./backend-notice.ts";
import type { CallTimer } from "./call-timer.ts";
import { type Refusal, tooMany, undeclared, unheard } from "./question.ts";
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
  readonly ids: RequestIds;
  readonly context: RequestContext;
  readonly session: LiveSession;
  readonly timer: CallTimer;
  readonly reply: Reply;
  /** The client sees no other backend: every call and URI that it knows of is this one's. */
  readonly isOnlyBackend: boolean;
  /** The client hears of changed lists in the backend's own words. */
  readonly relaysListChanges: boolean;
  /** How often the backend may ask the client during the call. */
  readonly maxQuestions: number;
  readonly events: Events;
  readonly log: Logger;
  /** The answer was handed to the client, with the mark of a renewal or without; called once. */
  readonly answered: (isMarked: boolean) => void;
}

/** A ping is answered here, whatever stands in a refusal. */
const PING = unheard("");

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

  async #json({ body }: JsonAnswer): Promise<void> {
    try {
      await this.#passJson(body);
    } finally {
      // A client that went away leaves a rest, which would keep the connection.
      body.destroy();
    }
  }

  async #passJson(body: ResponseBody): Promise<void> {
    const { reply, timer, ids } = this.#parts;
    const { bytes, isWhole } = await body.start(WHOLE_ANSWER_BYTES, () => timer.extend());
    if (isWhole) {
      const text = bytes.toString("utf8");
      const response = responseTo(ids, text);
      if (response === undefined) throw notTheResponse();
      const passed = this.#isRenewed ? this.#withRenewedMeta(response) : response;
      const sent = passed === text ? bytes : Buffer.from(passed);
      if (sent.length <= Hold.FREE_BYTES) reply.message(sent);
      else await this.#stream([sent]);
      return this.#done(this.#isRenewed);
    }
    const scanner = new ResponseScanner(ids);
    const start = scanner.push(bytes);
    await this.#stream(this.#scanned(scanner, start, body));
    // A renewal is told with the next answer that is short enough to be marked.
    this.#done(false);
  }

  /** Passes pieces on as the client reads them, and no longer than the call may take. */
  async #stream(pieces: Iterable<Buffer> | AsyncIterable<Buffer>): Promise<void> {
    const { reply, context } = this.#parts;
    await reply.stream(Readable.from(pieces, { objectMode: false, signal: context.signal }));
  }

  /** A body as it arrives: each piece says that the backend is at work. */
  async *#scanned(
    scanner: ResponseScanner,
    start: readonly Buffer[],
    rest: ResponseBody,
  ): AsyncGenerator<Buffer> {
    yield* start;
    rest.hold.release();
    for await (const piece of rest) {
      this.#parts.timer.extend();
      yield* scanner.push(piece);
    }
    scanner.finish();
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
    const { reply, ids, upstream, log } = this.#parts;
    const envelope = envelopeOf(text);
    if (envelope === undefined) {
      log.warn(
        { backend: upstream.backend.name },
        "a backend sent an event that is not a JSON-RPC message",
      );
    } else if (envelope.kind === "response") {
      const response = responseTo(ids, text);
      if (response === undefined) return;
      const passed = this.#isRenewed ? this.#withRenewedMeta(response) : response;
      if (reply.takesEvents) {
        await this.#event(passed);
        reply.end();
      } else reply.message(passed);
      this.#done(this.#isRenewed);
    } else if (envelope.kind === "request") {
      await this.#ask(text, envelope);
    } else if (listsChangedBy(envelope.method).length > 0) {
      await this.#listChanged(text);
    } else {
      await this.#notify(text, envelope);
    }
  }

  async #notify(text: string, envelope: Envelope): Promise<void> {
    const { timer, upstream, session, isOnlyBackend } = this.#parts;
    const notice = noticeFor({ session, upstream, envelope, text, isOnlyBackend });
    if (notice === undefined) return;
    if (envelope.method === "notifications/progress") timer.extend();
    await this.#event(notice);
  }

  async #listChanged(text: string): Promise<void> {
    const { upstream, session, relaysListChanges, events } = this.#parts;
    events.emit("listChanged", session, upstream.backend.name);
    if (relaysListChanges) await this.#event(text);
  }

  /** Waits for the client to read, but no longer than the call may take. */
  #event(text: string): Promise<void> {
    const { reply, context } = this.#parts;
    return untilAborted(reply.event(text), context.signal);
  }

  /** A request of the backend: pings are answered here, everything else by the client. */
  async #ask(text: string, envelope: Envelope): Promise<void> {
    const { timer, upstream, context } = this.#parts;
    const refusal = envelope.method === "ping" ? PING : this.#refusal(envelope);
    if (refusal !== undefined) {
      await upstream.respond(envelope, refusal.code, refusal.message, context.signal);
      return;
    }
    context.questions += 1;
    timer.untilCap();
    await this.#event(relayedRequest(text, envelope, upstream));
  }

  #refusal(envelope: Envelope): Refusal | undefined {
    const { reply, context, session, maxQuestions } = this.#parts;
    if (reply.isGone) return unheard("the client that called is gone");
    if (!reply.takesEvents) return unheard("the client that called takes no events");
    if (context.questions >= maxQuestions) return tooMany(maxQuestions);
    return undeclared(envelope, session.record.capabilities);
  }

  /** The client has not been told yet that the backend lost the session's memory. */
  get #isRenewed(): boolean {
    return this.#parts.upstream.record.renewed === true;
  }

  #done(isMarked: boolean): void {
    this.#answered = true;
    this.#parts.timer.finishWithin(AFTER_RESPONSE_MS);
    this.#parts.answered(isMarked);
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

function notTheResponse(): TransportFault {
  return new TransportFault(true, "the answer is not the JSON-RPC response to this request");
}
