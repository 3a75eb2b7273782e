import { randomUUID } from "node:crypto";

import { SSE_CONTENT_TYPE } from "../wire/sse.ts";
import type { UpstreamResponse } from "./exchange.ts";
import type { Peers } from "./peers.ts";
import type { Pod } from "./pod.ts";
import type { PodHealth } from "./pod-health.ts";
import { SseSession, statusOf } from "./sse-session.ts";
import type { UpstreamRequest } from "./upstream-request.ts";

export interface SsePodParts {
  readonly pod: Pod;
  readonly backend: string;
  readonly peers: Peers;
}

/** A prefix of ids, so that those of servers are told from ours. */
const ID = /^sse\.([\w-]+)\.[\w-]+$/;

/**
 * A pod that speaks HTTP+SSE, in the words of streamable HTTP. A session there is an event stream, which lives in the
 * process that opened it: its id names that process, and every other one sends its requests there.
 */
export class SsePod {
  readonly name: string;
  readonly address: string;
  readonly health: PodHealth;
  readonly #pod: Pod;
  readonly #backend: string;
  readonly #peers: Peers;
  readonly #sessions = new Map<string, SseSession>();

  constructor({ pod, backend, peers }: SsePodParts) {
    this.name = pod.name;
    this.address = pod.address;
    this.health = pod.health;
    this.#pod = pod;
    this.#backend = backend;
    this.#peers = peers;
  }

  get outstanding(): number {
    return this.#pod.outstanding;
  }

  get connected(): number {
    return this.#pod.connected;
  }

  async send(request: UpstreamRequest): Promise<UpstreamResponse> {
    const id = request.headers["mcp-session-id"];
    if (id === undefined)
      return request.purpose === "probe" ? this.#probe(request) : this.#open(request);
    const owner = ownerOf(id);
    if (owner === undefined || owner === this.#peers.url) return await this.sendHere(request);
    return await this.#peers.forward({
      owner,
      backend: this.#backend,
      pod: this.name,
      id,
      request,
    });
  }

  /** For a session of this process: 404 where it is none. */
  async sendHere(request: UpstreamRequest): Promise<UpstreamResponse> {
    const session = this.#sessions.get(request.headers["mcp-session-id"] ?? "");
    if (session === undefined) return statusOf(404);
    if (request.method === "POST") return await session.post(request);
    if (request.method === "GET") return session.listen(request.signal);
    session.close();
    return statusOf(204);
  }

  async close(): Promise<void> {
    this.#closeSessions();
    await this.#pod.close();
  }

  async destroy(reason: Error): Promise<void> {
    this.#closeSessions();
    await this.#pod.destroy(reason);
  }

  #closeSessions(): void {
    for (const session of this.#sessions.values()) session.close();
  }

  async #open(request: UpstreamRequest): Promise<UpstreamResponse> {
    const owner = Buffer.from(this.#peers.url).toString("base64url");
    const id = `sse.${owner}.${randomUUID()}`;
    const ended = () => this.#sessions.delete(id);
    const session = await SseSession.open(this.#pod, id, request.signal, ended);
    this.#sessions.set(id, session);
    try {
      const response = await session.post(request);
      if (response.statusCode >= 300) session.close();
      return { ...response, headers: { ...response.headers, "mcp-session-id": id } };
    } catch (error) {
      session.close();
      throw error;
    }
  }

  /** An event stream that opens is a sign of life. */
  async #probe({ signal, purpose }: UpstreamRequest): Promise<UpstreamResponse> {
    const headers = { accept: SSE_CONTENT_TYPE };
    return await this.#pod.send({ method: "GET", headers, purpose, signal });
  }
}

function ownerOf(id: string): string | undefined {
  const text = ID.exec(id)?.[1];
  return text === undefined ? undefined : Buffer.from(text, "base64url").toString("utf8");
}
