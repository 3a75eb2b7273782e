import type { Endpoint } from "../endpoints/endpoint.ts";
import { acquireDescriptors } from "./acquired-descriptors.ts";
import { openEventStream } from "./event-stream.ts";
import { HttpSseSession } from "./http-sse-session.ts";
import { LocalSessions } from "./local-sessions.ts";
import type { Peers } from "./peers.ts";
import { RedirectedPath } from "./redirected-path.ts";
import { StreamableHttp } from "./streamable-http.ts";
import type { Answer, Transport, TransportRequest } from "./transport.ts";

export interface HttpSseParts {
  readonly endpoint: Endpoint;
  readonly backend: string;
  readonly peers: Peers;
  /** Counts one more event stream. Returns what gives it back; undefined where there is no room. */
  readonly acquireStream: () => (() => void) | undefined;
}

/**
 * The older HTTP+SSE transport of MCP. A session is an event stream, which lives in the process that opened it.
 */
export class HttpSse implements Transport {
  readonly #parts: HttpSseParts;
  readonly #http: StreamableHttp;
  readonly #path: RedirectedPath;
  readonly #sessions: LocalSessions<HttpSseSession>;

  constructor(parts: HttpSseParts) {
    const { backend, endpoint, peers } = parts;
    this.#parts = parts;
    this.#http = new StreamableHttp(endpoint);
    this.#path = new RedirectedPath(endpoint);
    this.#sessions = new LocalSessions({ prefix: "sse", backend, endpoint: endpoint.name, peers });
  }

  async start(request: TransportRequest): Promise<Answer> {
    const { headers = {}, signal } = request;
    const sessionId = this.#sessions.newId();
    const release = acquireDescriptors(this.#parts, 1, "event stream");
    const stream = await openEventStream(this.#path, headers, signal).catch((error: unknown) => {
      release();
      throw error;
    });
    if ("kind" in stream) {
      release();
      return stream;
    }
    const session = new HttpSseSession(this.#parts.endpoint, stream);
    void session.ended.then(release);
    return await this.#sessions.open(sessionId, session, request);
  }

  send(request: TransportRequest): Promise<Answer> {
    return this.#sessions.atOwner(request);
  }

  receive(request: TransportRequest): Promise<Answer> {
    return this.#sessions.atOwner(request);
  }

  close(request: TransportRequest): Promise<Answer> {
    return this.#sessions.atOwner(request);
  }

  /** Any answer says that somebody is there: no event stream is opened to find out. */
  probe(request: TransportRequest): Promise<Answer> {
    return this.#http.probe(request);
  }

  get serveHere() {
    return this.#sessions.serveHere;
  }

  /** Also for other processes. */
  finish(): Promise<void> {
    return this.#sessions.finish();
  }

  destroy(): void {
    this.#sessions.destroy();
  }
}
