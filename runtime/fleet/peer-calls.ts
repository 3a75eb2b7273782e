import type { Backend } from "../upstream/backend.ts";
import type { UpstreamResponse } from "../upstream/transports/exchange.ts";
import { statusOf } from "../upstream/transports/own-answer.ts";
import { TransportFault } from "../upstream/transports/transport-fault.ts";
import type { UpstreamRequest } from "../upstream/transports/upstream-request.ts";
import { NOT_PROCESSED_HEADER } from "../wire/error-table.ts";
import type { Peers } from "./peers.ts";

/** A request that another process passes on. */
export interface PeerCall extends Omit<UpstreamRequest, "purpose" | "body"> {
  readonly backend: string;
  readonly pod: string;
  readonly body: string | undefined;
}

/** Answers other processes for the sessions that live in this one. */
export class PeerCalls {
  readonly #peers: Peers;
  readonly #backends: ReadonlyMap<string, Backend>;

  constructor(peers: Peers, backends: ReadonlyMap<string, Backend>) {
    this.#peers = peers;
    this.#backends = backends;
  }

  isPeer(sessionId: string, authorization: string): boolean {
    return this.#peers.isPeer(sessionId, authorization);
  }

  /** Errors: those of `SsePod`, but for a request that certainly did not run: its answer says so. */
  async serve({ backend, pod, body, ...call }: PeerCall): Promise<UpstreamResponse> {
    const request = { ...call, ...(body !== undefined && { body }), purpose: "call" } as const;
    try {
      return (await this.#backends.get(backend)?.serveHere(request, pod)) ?? statusOf(404);
    } catch (error) {
      if (!(error instanceof TransportFault) || error.sent) throw error;
      return statusOf(503, { [NOT_PROCESSED_HEADER]: "true" });
    }
  }
}
