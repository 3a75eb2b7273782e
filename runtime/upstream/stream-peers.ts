/**
 * What one process tells another about a session's stream at a backend. `follow`: calls of the session run here, too; the
 * text is our URL. `message`: bring this to the client, if you can. `asked`: the client has a question to answer, whichever
 * call it is of. `free`: the stream has ended here.
 */
export type StreamNews = "follow" | "message" | "asked" | "free";

/** Something about the stream of one session at one backend. */
export interface StreamWord {
  /** The session's key. */
  readonly key: string;
  /** The backend's name. */
  readonly backend: string;
  readonly news: StreamNews;
  readonly text: string;
}

/** The other processes over the same store, for streams that only one of them may have. */
export interface StreamPeers {
  /** This process's own URL; known once it listens. */
  readonly url: string;
  /** A name of a stream that is here, for the store; see `PeerCredential.seal`. */
  seal(about: string): string;
  /** Where it is; undefined where the name is none of the fleet's. */
  unseal(sealed: string, about: string): string | undefined;
  /** Tells another process. Returns whether it could do what that asks for; an unreachable one cannot. */
  tell(peer: string, word: StreamWord, signal: AbortSignal): Promise<boolean>;
}
