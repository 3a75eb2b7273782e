import { FleetError } from "../../wire/fleet-error.ts";
import type { Endpoint } from "../endpoints/endpoint.ts";
import { openEventStream } from "./event-stream.ts";
import { HttpSseSession } from "./http-sse-session.ts";
import { RedirectedPath } from "./redirected-path.ts";
import { StreamableHttp } from "./streamable-http.ts";
import type { Answer, Transport, TransportRequest } from "./transport.ts";

/** A request for a session that lives in another process. */
export interface PeerRequest {
  /** The URL of the process that has the session. */
  readonly owner: string;
  readonly backend: string;
  readonly endpoint: string;
  readonly request: TransportRequest;
}

/** The other processes over the same store, for what lives in one process alone. */
export interface Peers {
  /** This process's own URL; known once it listens. */
  readonly url: string;
  /** A new name of something that lives here; see `PeerCredential.seal`. */
  seal(about: string): string;
  /** Where it lives; undefined where the name is none of the fleet's. */
  unseal(sealed: string, about: string): string | undefined;
  /** Sends a request to the process that has the session, which is unknown where that process is gone. */
  forward(request: PeerRequest): Promise<Answer>;
}

export interface HttpSseParts {
  readonly endpoint: Endpoint;
  readonly backend: string;
  readonly peers: Peers;
  /** Counts one more event stream. Returns what gives it back; undefined where there is no room. */
  readonly acquireStream: () => (() => void) | undefined;
}

/** A prefix of ids, so that those of servers are told from ours. */
const ID = /^sse\.(.+)$/;

/**
 * The older HTTP+SSE transport of MCP. A session is an event stream, which lives in the process that opened it: its id
 * names that process, signed with the fleet's keys, and every other one sends its requests there.
 */
export class HttpSse implements Transport {
  readonly #parts: HttpSseParts;
  readonly #http: StreamableHttp;
  readonly #path: RedirectedPath;
  readonly #sessions = new Map<string, HttpSseSession>();

  constructor(parts: HttpSseParts) {
    this.#parts = parts;
    this.#http = new StreamableHttp(parts.endpoint);
    this.#path = new RedirectedPath(parts.endpoint);
  }

  async start(request: TransportRequest): Promise<Answer> {
    const { endpoint, peers } = this.#parts;
    const { headers = {}, signal } = request;
    const sessionId = `sse.${peers.seal(this.#about)}`;
    const release = this.#acquireStream();
    const stream = await openEventStream(this.#path, headers, signal).catch((error: unknown) => {
      release();
      throw error;
    });
    if ("kind" in stream) {
      release();
      return stream;
    }
    const session = new HttpSseSession(endpoint, stream);
    this.#sessions.set(sessionId, session);
    void session.ended.then(() => {
      release();
      this.#sessions.delete(sessionId);
    });
    // A server knows by the end of the stream alone that nobody comes.
    signal.addEventListener("abort", () => {
      if (!session.channel.isInitialized) session.close();
    });
    try {
      const answer = await session.channel.send(request);
      if (answer.kind === "events") return { ...answer, sessionId };
      session.close();
      return answer;
    } catch (error) {
      session.close();
      throw error;
    }
  }

  send(request: TransportRequest): Promise<Answer> {
    return this.#atOwner(request);
  }

  receive(request: TransportRequest): Promise<Answer> {
    return this.#atOwner(request);
  }

  close(request: TransportRequest): Promise<Answer> {
    return this.#atOwner(request);
  }

  /** Any answer says that somebody is there: no event stream is opened to find out. */
  probe(request: TransportRequest): Promise<Answer> {
    return this.#http.probe(request);
  }

  readonly serveHere = async (request: TransportRequest): Promise<Answer> => {
    const { sessionId = "" } = request.session;
    const session = this.#sessions.get(sessionId);
    if (session === undefined) return { kind: "session-unknown" };
    if (request.operation === "receive") return session.channel.listen(request.signal);
    if (request.operation !== "close") return await session.channel.send(request);
    this.#sessions.delete(sessionId);
    session.close();
    return { kind: "accepted" };
  };

  /** Also for other processes. */
  async finish(): Promise<void> {
    const sessions = [...this.#sessions.values()];
    for (const { channel } of sessions) channel.finish();
    await Promise.all(sessions.map(({ ended }) => ended));
  }

  destroy(): void {
    for (const session of this.#sessions.values()) session.close();
  }

  /** What ids are signed about. */
  get #about(): string {
    return `sse ${this.#parts.backend}`;
  }

  #atOwner(request: TransportRequest): Promise<Answer> {
    const { peers, backend, endpoint } = this.#parts;
    const { sessionId = "" } = request.session;
    if (this.#sessions.has(sessionId)) return this.serveHere(request);
    const owner = peers.unseal(ID.exec(sessionId)?.[1] ?? "", this.#about);
    if (owner === undefined || owner === peers.url) return this.serveHere(request);
    return peers.forward({ owner, backend, endpoint: endpoint.name, request });
  }

  #acquireStream(): () => void {
    const { backend, acquireStream } = this.#parts;
    const release = acquireStream();
    if (release !== undefined) return release;
    const message = `this process has no room for another event stream of the backend ${backend}: its open files are in use`;
    throw new FleetError("AT_CAPACITY", { message, data: { backend } });
  }
}
