import type { Settings } from "@mcp-fleet/contract/settings";
import type { PeerCredential } from "../../fleet/peer-credential.ts";
import type { Metrics } from "../../telemetry/metrics.ts";
import { Endpoint } from "../endpoints/endpoint.ts";
import { EndpointHealth } from "../endpoints/endpoint-health.ts";
import type { MessageLimits } from "../endpoints/message-limits.ts";
import type { StreamPeers, StreamWord } from "../stream-peers.ts";
import type { PeerRequest, Peers } from "./peers.ts";
import { StreamableHttp } from "./streamable-http.ts";
import type { Answer } from "./transport.ts";
import { TransportFault } from "./transport-fault.ts";

export interface PeerForwarderParts {
  readonly credential: PeerCredential;
  readonly limits: Settings["limits"];
  readonly messageLimits: MessageLimits;
  readonly metrics: Metrics;
}

/** The header in which another process gets those that the backend is to get with a message, as JSON. */
export const CARRIED_HEADERS = "mcp-fleet-carried-headers";

/** Sends requests to other processes of the fleet, on their admin ports, as streamable HTTP. */
export class PeerForwarder implements Peers, StreamPeers {
  readonly #parts: PeerForwarderParts;
  readonly #endpoints = new Map<string, Endpoint>();
  #url = "";

  constructor(parts: PeerForwarderParts) {
    this.#parts = parts;
  }

  get url(): string {
    return this.#url;
  }

  /** @param url where other processes find this one's admin port. */
  announce(url: string): void {
    this.#url = url;
  }

  seal(about: string): string {
    return this.#parts.credential.seal(this.#url, about);
  }

  unseal(sealed: string, about: string): string | undefined {
    return this.#parts.credential.unseal(sealed, about);
  }

  /** @throws TransportFault, or the signal's reason once it is aborted. */
  async forward({ owner, backend, endpoint, request }: PeerRequest): Promise<Answer> {
    this.#parts.metrics.peerRequests.inc({ purpose: "session" });
    const path = `/peer/${encodeURIComponent(backend)}/${encodeURIComponent(endpoint)}`;
    const peer = this.#endpoint(owner);
    const transport = new StreamableHttp(peer, { path });
    const { sessionId = "" } = request.session;
    const authorization = this.#parts.credential.authorizationFor(sessionId);
    const carried = request.headers && { [CARRIED_HEADERS]: JSON.stringify(request.headers) };
    const signed = { ...request, headers: { ...carried, authorization } };
    try {
      const answer = await transport[request.operation](signed);
      if (answer.kind !== "refused" || !answer.notProcessed) return answer;
      throw new TransportFault(false, "the process that has the session could not send it");
    } catch (error) {
      // A process that is gone takes with it what lived in it, as a pod does.
      const isLost = error instanceof TransportFault && !error.sent && peer.health.state === "gone";
      if (!isLost) throw error;
      return { kind: "session-unknown" };
    }
  }

  /** Tells another process something about a session's stream. Returns whether it did what that asks for; never fails. */
  async tell(peer: string, word: StreamWord, signal: AbortSignal): Promise<boolean> {
    const { key, backend, news, text } = word;
    this.#parts.metrics.peerRequests.inc({ purpose: "stream" });
    const path = `/streams/${encodeURIComponent(backend)}/${news}`;
    const headers = { authorization: this.#parts.credential.authorizationFor(key) };
    const session = { sessionId: key, protocol: "" };
    const transport = new StreamableHttp(this.#endpoint(peer), { path });
    try {
      const purpose = "notify";
      const request = { operation: "send", session, text, purpose, headers, signal } as const;
      const answer = await transport.send(request);
      if (answer.kind === "json") answer.body.discard();
      return answer.kind === "accepted";
    } catch {
      return false;
    }
  }

  async close(): Promise<void> {
    const reason = new Error("closed");
    await Promise.all([...this.#endpoints.values()].map((endpoint) => endpoint.destroy(reason)));
  }

  #endpoint(url: string): Endpoint {
    const present = this.#endpoints.get(url);
    if (present !== undefined) return present;
    const { limits, messageLimits } = this.#parts;
    const lossAfterMs = limits.podLossAfterSeconds * 1000;
    const endpoint = new Endpoint({
      address: { name: url, url },
      health: new EndpointHealth({ threshold: 1, lossAfterMs }),
      connections: limits.upstreamConnections,
      messageLimits,
      connect: () => ({ timeout: limits.connectTimeoutSeconds * 1000 }),
    });
    this.#endpoints.set(url, endpoint);
    return endpoint;
  }
}
