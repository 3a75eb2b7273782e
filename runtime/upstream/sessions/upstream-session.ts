import { clock } from "../../platform/clock.ts";
import type { UpstreamRecord } from "../../sessions/session-record.ts";
import { cut, at as find } from "../../wire/json-text.ts";
import { type Envelope, JSON_CONTENT_TYPE, readEnvelope } from "../../wire/message.ts";
import { ownIds, type RequestIds, responseTo } from "../../wire/response.ts";
import type { Backend } from "../backend.ts";
import { settle } from "../endpoints/circuit-breaker.ts";
import { passedHeaders } from "../passed-headers.ts";
import type {
  Answer,
  MessageAnswer,
  Purpose,
  Refusal,
  Requester,
  TransportRequest,
} from "../transports/transport.ts";
import { EndpointGone, TransportFault } from "../transports/transport-fault.ts";
import { ownRequest } from "./own-request.ts";

/** What came of a request of our own. */
export interface RequestOutcome {
  /** The JSON-RPC response, where there is one. */
  readonly text: string | undefined;
  /** The session that the backend opened with it. */
  readonly sessionId: string | undefined;
  /** What the backend answered, for who wants to say why there is no response. */
  readonly answer: Answer;
}

/** After the response, a stream has this long to end by itself and give its connection back. */
export const AFTER_RESPONSE_MS = 1_000;

/** One session at one backend, as its client: what is sent in it, and what comes back for requests of our own. */
export class UpstreamSession {
  readonly backend: Backend;
  readonly record: UpstreamRecord;
  readonly #owner: Pick<TransportRequest, "owner">;
  readonly #requester: Requester | undefined;

  /**
   * @param owner the principal whose session it is; absent for a session of the process itself.
   * @param requester whose headers go with what is sent in it, where the backend gets any.
   */
  constructor(backend: Backend, record: UpstreamRecord, owner?: string, requester?: Requester) {
    this.backend = backend;
    this.record = record;
    this.#owner = owner === undefined ? {} : { owner };
    this.#requester = requester;
  }

  /** The same session, for what a request of a client causes in it. */
  for(requester: Requester | undefined): UpstreamSession {
    const { backend, record } = this;
    if (backend.settings.passthroughHeaders === undefined || requester === undefined) return this;
    return new UpstreamSession(backend, record, this.#owner.owner, requester);
  }

  /**
   * Sends a message and leaves the answer to the caller.
   *
   * @throws those of `Backend.dispatch`.
   */
  send(text: string, purpose: Purpose, signal: AbortSignal): Promise<Answer> {
    return this.#dispatch("send", text, purpose, signal);
  }

  /** Sends initialize, which opens the session. */
  start(text: string, signal: AbortSignal): Promise<RequestOutcome> {
    return this.#ask("start", text, "open", signal);
  }

  /** Sends a request of our own and reads its response; what else the backend says on the way is dropped. */
  request(text: string, purpose: Purpose, signal: AbortSignal): Promise<RequestOutcome> {
    return this.#ask("send", text, purpose, signal);
  }

  /** Sends a notification or a response. Returns what the backend answered, of which nobody reads more. */
  async notify(text: string, signal: AbortSignal): Promise<Answer> {
    const answer = await this.send(text, "notify", signal);
    drop(answer);
    return answer;
  }

  /** Answers a request of the backend here: a ping is answered, anything else refused with this error. */
  async respond(
    request: Envelope,
    code: number,
    message: string,
    signal: AbortSignal,
  ): Promise<void> {
    const { method, idText } = request;
    const outcome =
      method === "ping" ? '"result":{}' : `"error":${JSON.stringify({ code, message })}`;
    await this.notify(`{"jsonrpc":"2.0","id":${idText},${outcome}}`, signal);
  }

  /** Opens the stream of what the backend says unasked, or goes on with one after `lastEventId`. */
  receive(signal: AbortSignal, lastEventId?: string): Promise<Answer> {
    return this.#unlessGone({
      operation: "receive",
      session: this.record,
      text: "",
      purpose: "stream",
      signal,
      ...(lastEventId !== undefined && { lastEventId }),
    });
  }

  /** Ends the session at the backend: `unsupported` where that does not know how, `session-unknown` for nothing to end. */
  async end(signal: AbortSignal): Promise<Answer> {
    if (this.record.sessionId === undefined) return { kind: "session-unknown" };
    const session = this.record;
    return await this.#unlessGone({
      operation: "close",
      session,
      text: "",
      purpose: "close",
      signal,
    });
  }

  /** Whether the backend knows the session: asked by a ping, where an answer leaves it open. */
  async isKnown(signal: AbortSignal): Promise<boolean> {
    const { answer } = await this.request(ownRequest("ping", {}), "probe", signal);
    if (answer.kind === "session-unknown") return false;
    return answer.kind !== "refused" || answer.statusCode !== 400;
  }

  async #ask(
    operation: "start" | "send",
    text: string,
    purpose: Purpose,
    signal: AbortSignal,
  ): Promise<RequestOutcome> {
    const answer = await this.#dispatch(operation, text, purpose, signal);
    const ids = ownIds(readEnvelope(text).idText);
    if (answer.kind === "json" || answer.kind === "events") {
      return await tried(answer, signal, readResponse(answer, ids, signal));
    }
    const body = answer.kind === "refused" ? errorIn(answer, ids) : undefined;
    return { text: body, sessionId: undefined, answer };
  }

  #dispatch(
    operation: "start" | "send",
    text: string,
    purpose: Purpose,
    signal: AbortSignal,
  ): Promise<Answer> {
    const request = { ...this.#owner, operation, session: this.record, text, purpose, signal };
    return this.backend.dispatch(this.#withHeaders(request), this.record.pod);
  }

  #withHeaders(request: TransportRequest): TransportRequest {
    const { passthroughHeaders: names } = this.backend.settings;
    const headers = this.#requester?.headers;
    if (names === undefined || headers === undefined) return request;
    return { ...request, headers: passedHeaders(headers, names) };
  }

  /** Where the session's pod is gone, the session is gone with it. */
  async #unlessGone(request: TransportRequest): Promise<Answer> {
    try {
      const sent = this.#withHeaders({ ...this.#owner, ...request });
      return await this.backend.dispatch(sent, this.record.pod);
    } catch (error) {
      if (error instanceof EndpointGone) return { kind: "session-unknown" };
      throw error;
    }
  }
}

/**
 * The JSON-RPC response, an error, that a refusal carries. What is HTTP 200 and neither JSON nor events is none, whatever it
 * reads like: no official client takes it.
 */
export function errorIn({ statusCode, text, notProcessed }: Refusal, ids: RequestIds) {
  return statusCode >= 300 || notProcessed ? responseTo(ids, text) : undefined;
}

/** JSON that is no response. */
function pageOf(text: string): Refusal {
  const about = { statusCode: 200, contentType: JSON_CONTENT_TYPE, notProcessed: false };
  return { kind: "refused", ...about, text };
}

/** The result in the text of a response, as JSON text; undefined for an error. */
export function resultOf(text: string): string | undefined {
  const result = find(text, "result");
  return result === undefined ? undefined : cut(text, result);
}

/** Gives the connection of an answer back that nobody wants to read. */
function drop(answer: Answer): void {
  if (answer.kind === "json") answer.body.discard();
  else if (answer.kind === "events") answer.destroy();
}

/** What its server's breaker is told of an answer: whether it was a response. */
async function tried(
  { trial }: MessageAnswer,
  signal: AbortSignal,
  reading: Promise<RequestOutcome>,
): Promise<RequestOutcome> {
  if (trial === undefined) return await reading;
  try {
    const outcome = await reading;
    if (outcome.text === undefined) trial.failed();
    else trial.succeeded();
    return outcome;
  } catch (error) {
    settle(trial, error, signal);
    throw error;
  }
}

async function readResponse(
  answer: MessageAnswer,
  ids: RequestIds,
  signal: AbortSignal,
): Promise<RequestOutcome> {
  const { sessionId } = answer;
  if (answer.kind === "events") {
    return { text: await unbroken(responseAmong(answer, ids), signal), sessionId, answer };
  }
  const body = await unbroken(answer.body.text(), signal);
  const text = responseTo(ids, body);
  return { text, sessionId, answer: text === undefined ? pageOf(body) : answer };
}

type EventsAnswer = Extract<Answer, { readonly kind: "events" }>;

async function responseAmong(answer: EventsAnswer, ids: RequestIds): Promise<string | undefined> {
  const { events } = answer;
  for (let next = await events.next(); !next.done; next = await events.next()) {
    const response = responseTo(ids, next.value.data);
    if (response === undefined) continue;
    letEnd(answer);
    return response;
  }
  return undefined;
}

/** What comes after the response is read and dropped, for a while. */
function letEnd({ events, destroy }: EventsAnswer): void {
  const patience = clock.after(AFTER_RESPONSE_MS, destroy);
  const rest = async () => {
    for await (const _ of events);
  };
  rest()
    .catch(() => {})
    .finally(() => clock.clear(patience));
}

/** A body that breaks off, as the fault that it is; the signal's reason stays what it is. */
async function unbroken<T>(reading: Promise<T>, signal: AbortSignal): Promise<T> {
  try {
    return await reading;
  } catch (error) {
    throw signal.aborted ? signal.reason : new TransportFault(true, error);
  }
}
