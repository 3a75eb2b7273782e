import { JSON_CONTENT_TYPE } from "../../wire/message.ts";
import type { Endpoint } from "../endpoints/endpoint.ts";
import type { EventStream } from "./event-stream.ts";
import { JsonRpcChannel } from "./json-rpc-channel.ts";
import { RedirectedPath } from "./redirected-path.ts";
import { refusalOf } from "./refusal.ts";
import type { Answer, TransportRequest } from "./transport.ts";

const HEADERS = { accept: JSON_CONTENT_TYPE, "content-type": JSON_CONTENT_TYPE };

/** One session of HTTP+SSE: messages are posted, and everything comes back on one event stream. */
export class HttpSseSession {
  readonly channel: JsonRpcChannel;
  readonly #path: RedirectedPath;
  readonly #ended = Promise.withResolvers<void>();

  constructor(endpoint: Endpoint, { path, events, stop }: EventStream) {
    this.#path = new RedirectedPath(endpoint, path);
    this.channel = new JsonRpcChannel(
      (request) => this.#post(request),
      (reason) => stop.abort(reason),
    );
    void this.#read(events);
  }

  /** Resolves when the stream has ended, and the session with it. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  /** Ends the session at the server, which sees its stream close. */
  close(): void {
    this.channel.close(new Error("the session ended"));
  }

  async #post({ text, headers, signal }: TransportRequest): Promise<Answer | undefined> {
    const sent = { ...HEADERS, ...headers };
    const request = { method: "POST", headers: sent, body: text, signal } as const;
    const response = await this.#path.request(request);
    const { statusCode, body } = response;
    if (statusCode >= 300 && statusCode !== 404) return await refusalOf(response, signal);
    body.discard();
    return statusCode === 404 ? { kind: "session-unknown" } : undefined;
  }

  async #read(events: EventStream["events"]): Promise<void> {
    let reason: unknown = new Error("the event stream ended");
    try {
      for await (const { data } of events) await this.channel.take(data);
    } catch (error) {
      reason = error;
    }
    this.channel.close(reason);
    this.#ended.resolve();
  }
}
