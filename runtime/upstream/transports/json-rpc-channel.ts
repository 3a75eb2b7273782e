import { at, cut } from "../../wire/json-text.ts";
import { type Envelope, envelopeOf, isSameId } from "../../wire/message.ts";
import { answersId, ownIds } from "../../wire/response.ts";
import { MessageStream } from "./message-stream.ts";
import type { Answer, TransportRequest } from "./transport.ts";

/** What is kept of messages that nobody listens for yet. */
const HELD_CHARACTERS = 1024 * 1024;

/**
 * Writes one message; what it returns is the server's refusal to take it.
 *
 * @throws TransportFault, or the signal's reason.
 */
export type WriteMessage = (request: TransportRequest) => Promise<Answer | undefined>;

/** A request that waits for its response. */
interface Waiting {
  readonly idText: string;
  readonly tokenText: string | undefined;
  /** Whether it passes on what the server says beside the response; requests of our own do not. */
  readonly listens: boolean;
  readonly stream: MessageStream;
}

/**
 * JSON-RPC over one stream that goes both ways. What streamable HTTP says on the stream of a call is found out here by
 * ids and progress tokens. HTTP+SSE is such a stream, and so are the pipes of a process.
 */
export class JsonRpcChannel {
  readonly #write: WriteMessage;
  readonly #onClose: (reason: unknown) => void;
  /** In the order in which they came. */
  readonly #waiting = new Map<string, Waiting>();
  /** Those that hold as much as they should until somebody reads them. */
  readonly #full = new Set<MessageStream>();
  #roomMade: () => void = () => {};
  #listener: MessageStream | undefined;
  #held: string[] = [];
  #heldCharacters = 0;
  #initialized = false;
  #finishing = false;
  #closed = false;

  /** `onClose` hears that nobody needs the stream any more, and why. */
  constructor(write: WriteMessage, onClose: (reason: unknown) => void) {
    this.#write = write;
    this.#onClose = onClose;
  }

  /** Whether the client's side has said that it is ready. */
  get isInitialized(): boolean {
    return this.#initialized;
  }

  /** Whether a request waits for its response. */
  get isBusy(): boolean {
    return this.#waiting.size > 0;
  }

  /**
   * Sends a message. A request is answered with a stream that ends with its response.
   *
   * @throws those of the writer.
   */
  async send(request: TransportRequest): Promise<Answer> {
    const envelope = envelopeOf(request.text);
    if (envelope?.kind === "request") return await this.#request(request, envelope);
    const refusal = await this.#write(request);
    if (envelope?.method === "notifications/initialized") this.#initialized = true;
    return refusal ?? { kind: "accepted" };
  }

  /** What the server says outside of calls. One stream at a time. */
  listen(signal: AbortSignal): Answer {
    if (this.#listener !== undefined) return conflict("the session's stream is open already");
    const stream = this.#open(signal, () => {
      if (this.#listener === stream) this.#listener = undefined;
    });
    this.#listener = stream;
    for (const text of this.#held) stream.push(text);
    this.#held = [];
    this.#heldCharacters = 0;
    return answerWith(stream);
  }

  /** Takes a message of the server. Resolves when there is room for the next one: what nobody reads waits at the server. */
  async take(text: string): Promise<void> {
    this.#deliver(text);
    while (this.#full.size > 0 && !this.#closed) {
      await new Promise<void>((resolve) => {
        this.#roomMade = resolve;
      });
    }
  }

  /** Takes no new request, and closes once those in flight are answered. */
  finish(): void {
    this.#finishing = true;
    if (this.#waiting.size === 0) this.close(new Error("the session ended"));
  }

  /** The stream has ended, or is to end: whoever waits hears why. */
  close(reason: unknown): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const { stream } of [...this.#waiting.values()]) stream.break(reason);
    this.#waiting.clear();
    this.#listener?.end();
    this.#roomMade();
    this.#onClose(reason);
  }

  async #request(request: TransportRequest, envelope: Envelope): Promise<Answer> {
    const { idText } = envelope;
    if (this.#finishing || this.#closed) return { kind: "session-unknown" };
    if (this.#waiting.has(idText)) return conflict("a request with this id is already in flight");
    const waiting = this.#wait(idText, request);
    try {
      const refusal = await this.#write(request);
      if (refusal === undefined) return answerWith(waiting.stream);
      waiting.stream.destroy();
      return refusal;
    } catch (error) {
      waiting.stream.destroy();
      throw error;
    }
  }

  #wait(idText: string, { text, purpose, signal }: TransportRequest): Waiting {
    const token = at(text, "params", "_meta", "progressToken");
    const tokenText = token === undefined ? undefined : cut(text, token);
    const stream = this.#open(signal, () => this.#forget(waiting));
    const waiting = { idText, tokenText, listens: purpose === "call", stream };
    this.#waiting.set(idText, waiting);
    return waiting;
  }

  #forget({ idText, stream }: Waiting): void {
    if (this.#waiting.get(idText)?.stream !== stream) return;
    this.#waiting.delete(idText);
    if (this.#finishing && this.#waiting.size === 0) this.close(new Error("the session ended"));
  }

  #open(signal: AbortSignal, onLeft: () => void): MessageStream {
    const stream: MessageStream = new MessageStream({
      onFull: (isFull) => {
        if (isFull) this.#full.add(stream);
        else this.#makeRoom(stream);
      },
      onLeft,
    });
    const leave = () => {
      stream.break(signal.reason);
      onLeft();
      this.#makeRoom(stream);
    };
    signal.addEventListener("abort", leave, { once: true });
    return stream;
  }

  #makeRoom(stream: MessageStream): void {
    this.#full.delete(stream);
    if (this.#full.size === 0) this.#roomMade();
  }

  #deliver(text: string): void {
    const envelope = envelopeOf(text);
    if (envelope === undefined) return;
    if (envelope.kind === "response") {
      const waiting = this.#waitingFor(envelope.idText);
      if (waiting === undefined) return;
      waiting.stream.push(text);
      waiting.stream.end();
      this.#forget(waiting);
    } else {
      const listener = this.#listenerOf(envelope, text);
      if (listener === undefined) this.#hold(text);
      else listener.push(text);
    }
  }

  #waitingFor(idText: string): Waiting | undefined {
    const found = this.#waiting.get(idText);
    return found ?? this.#waiting.values().find((one) => answersId(idText, ownIds(one.idText)));
  }

  /** Progress belongs to its call; anything else to the only call, to the stream, or to the oldest call. */
  #listenerOf(envelope: Envelope, text: string): MessageStream | undefined {
    const calls = [...this.#waiting.values().filter(({ listens }) => listens)];
    if (envelope.method === "notifications/progress") {
      const token = at(text, "params", "progressToken");
      const tokenText = token === undefined ? "" : cut(text, token);
      const call = calls.find((one) => isSameId(one.tokenText ?? "", tokenText));
      return call?.stream ?? this.#listener;
    }
    const [oldest, ...others] = calls;
    if (oldest !== undefined && others.length === 0) return oldest.stream;
    return this.#listener ?? oldest?.stream;
  }

  #hold(text: string): void {
    if (this.#heldCharacters + text.length > HELD_CHARACTERS) return;
    this.#heldCharacters += text.length;
    this.#held.push(text);
  }
}

function answerWith(stream: MessageStream): Answer {
  return {
    kind: "events",
    events: stream.read(),
    sessionId: undefined,
    destroy: () => stream.destroy(),
  };
}

function conflict(text: string): Answer {
  return {
    kind: "refused",
    statusCode: 409,
    contentType: "text/plain",
    text,
    notProcessed: false,
  };
}
