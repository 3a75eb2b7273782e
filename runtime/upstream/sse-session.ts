import { at, cut } from "../wire/json-text.ts";
import { type Envelope, envelopeOf, isSameId } from "../wire/message.ts";
import { encodeEvent, readEvents, SSE_CONTENT_TYPE, type SseEvent } from "../wire/sse.ts";
import { AnswerBody } from "./answer-body.ts";
import type { UpstreamResponse } from "./exchange.ts";
import type { Pod } from "./pod.ts";
import { TransportFault } from "./transport-fault.ts";
import type { UpstreamRequest } from "./upstream-request.ts";

/** What is kept of messages that nobody listens for yet. */
const HELD_BYTES = 1024 * 1024;

const JSON_HEADERS = { accept: "application/json", "content-type": "application/json" };

/** A request of the client that waits for its answer on the event stream. */
interface Waiting {
  readonly idText: string;
  readonly tokenText: string | undefined;
  readonly body: AnswerBody;
}

/**
 * One session of HTTP+SSE: an event stream, whose first event says where messages are posted and on which everything
 * comes back. What streamable HTTP says on the stream of a call is found out here by ids and tokens.
 */
export class SseSession {
  readonly id: string;
  readonly #pod: Pod;
  readonly #path: string;
  readonly #stop: AbortController;
  readonly #waiting = new Map<string, Waiting>();
  readonly #onEnd: () => void;
  #stream: AnswerBody | undefined;
  #held: string[] = [];
  #heldBytes = 0;

  private constructor(
    id: string,
    pod: Pod,
    path: string,
    stop: AbortController,
    onEnd: () => void,
  ) {
    this.id = id;
    this.#pod = pod;
    this.#path = path;
    this.#stop = stop;
    this.#onEnd = onEnd;
  }

  /**
   * Opens the stream and waits for its first event. `onEnd`: the stream ended, and the session with it.
   * Errors: TransportFault, or the signal's reason.
   */
  static async open(pod: Pod, id: string, signal: AbortSignal, onEnd: () => void) {
    const stop = new AbortController();
    const abort = () => stop.abort(signal.reason);
    signal.addEventListener("abort", abort);
    try {
      const headers = { accept: SSE_CONTENT_TYPE };
      const request = { method: "GET", headers, purpose: "stream", signal: stop.signal } as const;
      const { statusCode, body } = await pod.send(request);
      const events = readEvents(body);
      if (statusCode !== 200) throw new Error(`the event stream got HTTP ${statusCode}`);
      const first = await events.next();
      const path = first.done ? undefined : endpointOf(first.value, pod.address);
      if (path === undefined)
        throw new Error("the event stream names no endpoint of its own origin");
      const session = new SseSession(id, pod, path, stop, onEnd);
      void session.#read(events);
      return session;
    } catch (error) {
      stop.abort(error);
      if (signal.aborted) throw signal.reason;
      throw error instanceof TransportFault ? error : new TransportFault(false, error);
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }

  /** Sends a message. A request is answered with a stream that ends with its response. */
  async post(request: UpstreamRequest): Promise<UpstreamResponse> {
    const { body = "", signal, purpose } = request;
    const envelope = envelopeOf(body);
    const waiting = envelope?.kind === "request" ? this.#wait(envelope, body, signal) : undefined;
    try {
      const posted = { method: "POST", headers: JSON_HEADERS, body, purpose, signal } as const;
      const response = await this.#pod.send({ ...posted, path: this.#path });
      if (response.statusCode >= 300 || waiting === undefined) {
        this.#waiting.delete(envelope?.idText ?? "");
        return response;
      }
      await response.body.dump();
      return streamOf(waiting.body);
    } catch (error) {
      this.#waiting.delete(envelope?.idText ?? "");
      throw error;
    }
  }

  /** What the server says outside of calls. One stream at a time. */
  listen(signal: AbortSignal): UpstreamResponse {
    if (this.#stream !== undefined) return statusOf(409);
    const body = new AnswerBody({
      pause: () => {},
      resume: () => {},
      abort: () => this.#leave(body),
    });
    signal.addEventListener("abort", () => {
      body.break(signal.reason);
      this.#leave(body);
    });
    this.#stream = body;
    for (const text of this.#held) body.push(Buffer.from(encodeEvent(text)));
    this.#held = [];
    this.#heldBytes = 0;
    return streamOf(body);
  }

  /** Ends the session at the server, which sees its stream close. */
  close(): void {
    this.#stop.abort(new Error("the session ended"));
  }

  #wait(envelope: Envelope, text: string, signal: AbortSignal): Waiting {
    const { idText } = envelope;
    const forget = () => this.#waiting.delete(idText);
    const body = new AnswerBody({ pause: () => {}, resume: () => {}, abort: forget });
    const token = at(text, "params", "_meta", "progressToken");
    const tokenText = token === undefined ? undefined : cut(text, token);
    const waiting = { idText, tokenText, body };
    this.#waiting.set(idText, waiting);
    signal.addEventListener("abort", () => {
      forget();
      body.break(signal.reason);
    });
    return waiting;
  }

  async #read(events: AsyncGenerator<SseEvent>): Promise<void> {
    let reason: unknown = new Error("the event stream ended");
    try {
      for (let next = await events.next(); !next.done; next = await events.next()) {
        this.#take(next.value.data);
      }
    } catch (error) {
      reason = error;
    }
    for (const { body } of this.#waiting.values()) body.break(reason);
    this.#waiting.clear();
    this.#stream?.end();
    this.#stop.abort(reason);
    this.#onEnd();
  }

  #take(text: string): void {
    const envelope = envelopeOf(text);
    if (envelope === undefined) return;
    const event = Buffer.from(encodeEvent(text));
    if (envelope.kind === "response") {
      const waiting = this.#waitingFor(envelope.idText);
      if (waiting === undefined) return;
      this.#waiting.delete(waiting.idText);
      waiting.body.push(event);
      waiting.body.end();
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
    const all = [...this.#waiting.values()];
    if (envelope.method === "notifications/progress") {
      const token = at(text, "params", "progressToken");
      const tokenText = token === undefined ? "" : cut(text, token);
      const waiting = all.find(
        (one) => one.tokenText !== undefined && isSameId(one.tokenText, tokenText),
      );
      if (waiting !== undefined) return waiting.body;
    }
    const [oldest, ...others] = all;
    if (oldest !== undefined && others.length === 0) return oldest.body;
    return this.#stream ?? oldest?.body;
  }

  #hold(text: string): void {
    if (this.#heldBytes + text.length > HELD_BYTES) return;
    this.#heldBytes += text.length;
    this.#held.push(text);
  }

  #leave(body: AnswerBody): void {
    if (this.#stream === body) this.#stream = undefined;
  }
}

/** An answer that a server gave by other means. */
export function streamOf(body: AnswerBody): UpstreamResponse {
  return { statusCode: 200, headers: { "content-type": SSE_CONTENT_TYPE }, body };
}

/** An answer without a body. */
export function statusOf(statusCode: number): UpstreamResponse {
  const body = new AnswerBody({ pause: () => {}, resume: () => {}, abort: () => {} });
  body.end();
  return { statusCode, headers: {}, body };
}

/** Messages go nowhere but to the server that was asked. */
function endpointOf({ type, data }: SseEvent, address: string): string | undefined {
  if (type !== "endpoint" || !URL.canParse(data, address)) return undefined;
  const { origin, pathname, search } = new URL(data, address);
  return origin === new URL(address).origin ? pathname + search : undefined;
}
