import type { PeerCredential } from "../fleet/peer-credential.ts";
import type { BackendRegistry } from "./backend-registry.ts";
import type { Answer, TransportRequest } from "./transports/transport.ts";
import { TransportFault } from "./transports/transport-fault.ts";

/** A request that another process passes on, for a session that lives in this one. */
export interface PeerCall
  extends Pick<TransportRequest, "operation" | "text" | "session" | "headers" | "signal"> {
  readonly backend: string;
  readonly endpoint: string;
}

/** Answers other processes for the sessions that live in this one. */
export class PeerCalls {
  readonly #credential: PeerCredential;
  readonly #backends: BackendRegistry;

  constructor(credential: PeerCredential, backends: BackendRegistry) {
    this.#credential = credential;
    this.#backends = backends;
  }

  isPeer(sessionId: string, authorization: string): boolean {
    return this.#credential.isPeer(sessionId, authorization);
  }

  /** @throws those of the transport, but for a request that certainly did not run: its answer says so. */
  async serve({ backend, endpoint, ...call }: PeerCall): Promise<Answer> {
    try {
      const request = { ...call, purpose: "call" } as const;
      const answer = await this.#backends.get(backend)?.serveHere(request, endpoint);
      return answer ?? { kind: "session-unknown" };
    } catch (error) {
      if (!(error instanceof TransportFault) || error.sent) throw error;
      const text = error.message;
      const contentType = "text/plain";
      return { kind: "refused", statusCode: 503, contentType, text, notProcessed: true };
    }
  }
}
