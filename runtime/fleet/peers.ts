import type { Settings } from "@mcp-fleet/contract/settings";
import type { KeyRing } from "../sessions/key-ring.ts";
import { Pod } from "../upstream/endpoints/pod.ts";
import { PodHealth } from "../upstream/endpoints/pod-health.ts";
import type { UpstreamResponse } from "../upstream/transports/exchange.ts";
import { statusOf } from "../upstream/transports/own-answer.ts";
import { TransportFault } from "../upstream/transports/transport-fault.ts";
import type { UpstreamRequest } from "../upstream/transports/upstream-request.ts";
import { NOT_PROCESSED_HEADER } from "../wire/error-table.ts";

export interface PeersParts {
  /** The same for all processes over one store: who can sign is one of them. */
  readonly ring: KeyRing;
  readonly limits: Settings["limits"];
}

export interface PeerRequest {
  /** The URL of the process that has the session. */
  readonly owner: string;
  readonly backend: string;
  readonly pod: string;
  /** The backend session's id. */
  readonly id: string;
  readonly request: UpstreamRequest;
}

/** The other processes over the same store, for what lives in one process alone. */
export class Peers {
  readonly #parts: PeersParts;
  readonly #pods = new Map<string, Pod>();
  #url = "";

  constructor(parts: PeersParts) {
    this.#parts = parts;
  }

  /** This process's own URL; known once it listens. */
  get url(): string {
    return this.#url;
  }

  announce(url: string): void {
    this.#url = url;
  }

  /** Sends a request to the process that has the session. 404 where that process is gone. Errors: TransportFault. */
  async forward({ owner, backend, pod, id, request }: PeerRequest): Promise<UpstreamResponse> {
    const path = `/peer/${encodeURIComponent(backend)}/${encodeURIComponent(pod)}`;
    const headers = { ...request.headers, authorization: `Bearer ${this.#sign(id)}` };
    const peer = this.#peer(owner);
    try {
      const response = await peer.send({ ...request, headers, path });
      if (response.headers[NOT_PROCESSED_HEADER] === undefined) return response;
      await response.body.dump();
      throw new TransportFault(false, "the process that has the session could not send it");
    } catch (error) {
      const isLost = error instanceof TransportFault && !error.sent && peer.health.state === "gone";
      if (!isLost) throw error;
      return statusOf(404);
    }
  }

  /** Whether a request about a session comes from one of the processes over this store. */
  isPeer(id: string, authorization: string): boolean {
    const [tag = "", signature = ""] = authorization.replace(/^Bearer /, "").split(".");
    const sent = Buffer.from(signature, "hex");
    const { ring } = this.#parts;
    if (sent.length !== ring.signer.sign(payloadOf(id)).length) return false;
    return ring.verify(Buffer.from(tag, "hex"), payloadOf(id), sent) === "valid";
  }

  async close(): Promise<void> {
    await Promise.all([...this.#pods.values()].map((pod) => pod.destroy(new Error("closed"))));
  }

  #sign(id: string): string {
    const { signer } = this.#parts.ring;
    return `${signer.tag.toString("hex")}.${signer.sign(payloadOf(id)).toString("hex")}`;
  }

  #peer(url: string): Pod {
    const present = this.#pods.get(url);
    if (present !== undefined) return present;
    const { limits } = this.#parts;
    // A process that is gone takes with it what lived in it, as a pod does.
    const health = new PodHealth({
      threshold: 1,
      lossAfterMs: limits.podLossAfterSeconds * 1000,
    });
    const pod = new Pod({
      address: { name: url, url },
      health,
      connections: limits.upstreamConnections,
      connect: { timeout: limits.connectTimeoutSeconds * 1000 },
    });
    this.#pods.set(url, pod);
    return pod;
  }
}

/** Not that of a client's session id, whose signature somebody else may hold. */
function payloadOf(id: string): Buffer {
  return Buffer.from(`peer ${id}`);
}
