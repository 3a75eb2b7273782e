import { at, cut } from "../../wire/json-text.ts";
import { type Envelope, envelopeOf, isSameId } from "../../wire/message.ts";
import { encodeEvent, type SseEvent } from "../../wire/sse.ts";
import type { Pod } from "../endpoints/pod.ts";
import { AnswerBody } from "./answer-body.ts";
import type { UpstreamResponse } from "./exchange.ts";
import { statusOf, streamOf } from "./own-answer.ts";
import type { SseStream } from "./sse-stream.ts";
import type { UpstreamRequest } from "./upstream-request.ts";

/** What is kept of messages that nobody listens for yet. */
const HELD_BYTES = 1024 * 1024;

const JSON_HEADERS = { accept: "application/json", "content-type": "application/json" };

/** A request that waits for its answer on the event stream. */
interface Waiting {
  readonly idText: string;
  readonly tokenText: string | undefined;
  /** Whether it passes on what the server says beside the answer; requests of our own do not. */
  readonly listens: boolean;
  readonly body: AnswerBody;
}

/**
 * One session of HTTP+SSE: messages are posted, and everything comes back on one event stream. What streamable HTTP
 * says on the stream of a call is found out here by ids and tokens.
 */
export class SseSession {
  readonly #pod: Pod;
  readonly #path: string;
  readonly #stop: AbortController;
  readonly #end = Promise.withResolvers<void>();
  /** In the order in which they came. */
  readonly #waiting = new Map<string, Waiting>();
  /** Those that hold as much as they should until somebody reads them. */
  readonly #full = new Set<AnswerBody>();
  #roomMade: () => void = () => {};
  #stream: AnswerBody | undefined;
  #held: string[] = [];
  #heldBytes = 0;
  #initialized = false;
  #finishing = false;

  constructor(pod: Pod, { path, events, stop }: SseStream) {
    this.#pod = pod;
    this.#path = path;
    this.#stop = stop;
    void this.#read(events);
  }

  /** Resolves when the stream has ended, and the session with it. */
  get ended(): Promise<void> {
    return this.#end.promise;
  }

  /** Whether the client's side has said that it is ready. */
  get initialized(): boolean {
    return this.#initialized;
  }

  /** Sends a message. A request is answered with a stream that ends with its response. Errors: those of `Pod`. */
  async post(request: UpstreamRequest): Promise<UpstreamResponse> {
    const envelope = envelopeOf(request.body ?? "");
    if (envelope?.kind === "request") return await this.#ask(request, envelope);
    const response = await this.#send(request);
    if (envelope?.method === "notifications/initialized") this.#initialized = true;
    return response;
  }

  /** What the server says outside of calls. One stream at a time. */
  listen(signal: AbortSignal): UpstreamResponse {
    if (this.#stream !== undefined) return statusOf(409);
    const body = this.#feed(signal, () => {
      if (this.#stream === body) this.#stream = undefined;
    });
    this.#stream = body;
    for (const text of this.#held) body.push(Buffer.from(encodeEvent(text)));
    this.#held = [];
    this.#heldBytes = 0;
    return streamOf(body);
  }

  /** Takes no new request, and ends the session once those in flight are answered. */
  finish(): void {
    this.#finishing = true;
    if (this.#waiting.size === 0) this.close();
  }

  /** Ends the session at the server, which sees its stream close. */
  close(): void {
    this.#stop.abort(new Error("the session ended"));
    this.#roomMade();
  }

  async #ask(request: UpstreamRequest, envelope: Envelope): Promise<UpstreamResponse> {
    const { idText } = envelope;
    if (this.#finishing || this.#stop.signal.aborted) return statusOf(404);
    if (this.#waiting.has(idText)) return statusOf(409);
    const waiting = this.#wait(idText, request);
    try {
      const response = await this.#send(request);
      if (response.statusCode >= 300) {
        this.#forget(waiting);
        return response;
      }
      await response.body.dump();
      return streamOf(waiting.body);
    } catch (error) {
      this.#forget(waiting);
      throw error;
    }
  }

  #send({ body = "", signal, purpose }: UpstreamRequest): Promise<UpstreamResponse> {
    const path = this.#path;
    return this.#pod.send({ path, method: "POST", headers: JSON_HEADERS, body, purpose, signal });
  }

  #wait(idText: string, { body: text = "", purpose, signal }: UpstreamRequest): Waiting {
    const token = at(text, "params", "_meta", "progressToken");
    const tokenText = token === undefined ? undefined : cut(text, token);
    const body = this.#feed(signal, () => this.#forget(waiting));
    const waiting = { idText, tokenText, listens: purpose === "call", body };
    this.#waiting.set(idText, waiting);
    return waiting;
  }

  #forget({ idText, body }: Waiting): void {
    if (this.#waiting.get(idText)?.body !== body) return;
    this.#waiting.delete(idText);
    this.#makeRoom(body);
    if (this.#finishing && this.#waiting.size === 0) this.close();
  }

  /** A body that is filled from the event stream. `left`: nobody reads it any more. */
  #feed(signal: AbortSignal, left: () => void): AnswerBody {
    const leave = () => {
      left();
      this.#makeRoom(body);
    };
    const body: AnswerBody = new AnswerBody({
      pause: () => this.#full.add(body),
      resume: () => this.#makeRoom(body),
      abort: leave,
    });
    signal.addEventListener("abort", () => {
      body.break(signal.reason);
      leave();
    });
    return body;
  }

  #makeRoom(body: AnswerBody): void {
    this.#full.delete(body);
    if (this.#full.size === 0) this.#roomMade();
  }

  async #read(events: AsyncIterable<SseEvent>): Promise<void> {
    let reason: unknown = new Error("the event stream ended");
    try {
      for await (const { data } of events) {
        this.#take(data);
        if (this.#full.size > 0) await this.#room();
      }
    } catch (error) {
      reason = error;
    }
    this.#stop.abort(reason);
    for (const { body } of this.#waiting.values()) body.break(reason);
    this.#waiting.clear();
    this.#stream?.end();
    this.#end.resolve();
  }

  /** What nobody reads waits at the server. */
  async #room(): Promise<void> {
    while (this.#full.size > 0 && !this.#stop.signal.aborted) {
      await new Promise<void>((resolve) => {
        this.#roomMade = resolve;
      });
    }
  }

  #take(text: string): void {
    const envelope = envelopeOf(text);
    if (envelope === undefined) return;
    const event = Buffer.from(encodeEvent(text));
    if (envelope.kind === "response") {
      const waiting = this.#waitingFor(envelope.idText);
      if (waiting === undefined) return;
      waiting.body.push(event);
      waiting.body.end();
      this.#forget(waiting);
    } else {
      const listener = this.#listenerOf(envelope, text);
      if (listener === undefined) this.#hold(text);
      else listener.push(event);
    }
  }

  #waitingFor(idText: string): Waiting | undefined {
    const found = this.#waiting.get(idText);
    return found ?? this.#waiting.values().find((one) => isSameId(one.idText, idText));
  }

  /** Progress belongs to its call; anything else to the only call, to the stream, or to the oldest call. */
  #listenerOf(envelope: Envelope, text: string): AnswerBody | undefined {
    const calls = [...this.#waiting.values().filter(({ listens }) => listens)];
    if (envelope.method === "notifications/progress") {
      const token = at(text, "params", "progressToken");
      const tokenText = token === undefined ? "" : cut(text, token);
      const call = calls.find((one) => isSameId(one.tokenText ?? "", tokenText));
      return call?.body ?? this.#stream;
    }
    const [oldest, ...others] = calls;
    if (oldest !== undefined && others.length === 0) return oldest.body;
    return this.#stream ?? oldest?.body;
  }

  #hold(text: string): void {
    if (this.#heldBytes + text.length > HELD_BYTES) return;
    this.#heldBytes += text.length;
    this.#held.push(text);
  }
}
