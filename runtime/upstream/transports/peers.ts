import type { Answer, TransportRequest } from "./transport.ts";

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
