import type { JsonRpcChannel } from "./json-rpc-channel.ts";
import type { Peers } from "./peers.ts";
import type { Answer, TransportRequest } from "./transport.ts";

/** A session of a server over one stream that goes both ways. */
export interface LocalSession {
  readonly channel: JsonRpcChannel;
  /** Resolves when the stream has ended, and the session with it. */
  readonly ended: Promise<unknown>;
  /** Ends the session at the server. */
  close(): void;
}

export interface LocalSessionsParts {
  /** What their ids begin with, so that those of servers are told from ours. */
  readonly prefix: string;
  readonly backend: string;
  /** The name of the endpoint that they are at. */
  readonly endpoint: string;
  readonly peers: Peers;
}

/**
 * Sessions that live in the process that opened them: their ids name that process, signed with the fleet's keys, and
 * every other one sends its requests there.
 */
export class LocalSessions<Session extends LocalSession> {
  readonly #parts: LocalSessionsParts;
  readonly #sessions = new Map<string, Session>();

  constructor(parts: LocalSessionsParts) {
    this.#parts = parts;
  }

  /** The id of a session that is about to be. */
  newId(): string {
    return `${this.#parts.prefix}.${this.#parts.peers.seal(this.#about)}`;
  }

  /**
   * Opens a session with its first request.
   *
   * @throws what the channel does; the session is ended then.
   */
  async open(sessionId: string, session: Session, request: TransportRequest): Promise<Answer> {
    this.#sessions.set(sessionId, session);
    void session.ended.then(() => this.#sessions.delete(sessionId));
    // A server knows by the end of the stream alone that nobody comes.
    request.signal.addEventListener("abort", () => {
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

  /** Sends a request to where its session lives. */
  atOwner(request: TransportRequest): Promise<Answer> {
    const { peers, backend, endpoint, prefix } = this.#parts;
    const { sessionId = "" } = request.session;
    if (this.#sessions.has(sessionId)) return this.serveHere(request);
    const sealed = sessionId.startsWith(`${prefix}.`) ? sessionId.slice(prefix.length + 1) : "";
    const owner = peers.unseal(sealed, this.#about);
    if (owner === undefined || owner === peers.url) return this.serveHere(request);
    return peers.forward({ owner, backend, endpoint, request });
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

  /** Lets what is in flight finish, also for other processes. */
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
    return `${this.#parts.prefix} ${this.#parts.backend}`;
  }
}
