import type { Backend } from "./backend.ts";
import type { UpstreamResponse } from "./exchange.ts";
import type { Peers } from "./peers.ts";
import { statusOf } from "./sse-session.ts";
import type { UpstreamRequest } from "./upstream-request.ts";

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

  async serve({ backend, pod, body, ...call }: PeerCall): Promise<UpstreamResponse> {
    const request = { ...call, ...(body !== undefined && { body }), purpose: "call" } as const;
    return (await this.#backends.get(backend)?.serveHere(request, pod)) ?? statusOf(404);
  }
}
