import type { Peers } from "../../fleet/peers.ts";
import { random } from "../../platform/random.ts";
import type { Descriptors } from "../../server/descriptors.ts";
import { FleetError } from "../../wire/fleet-error.ts";
import type { Pod } from "../endpoints/pod.ts";
import type { PodHealth } from "../endpoints/pod-health.ts";
import type { UpstreamResponse } from "./exchange.ts";
import { statusOf } from "./own-answer.ts";
import { SseSession } from "./sse-session.ts";
import { openSseStream } from "./sse-stream.ts";
import type { UpstreamRequest } from "./upstream-request.ts";

export interface SsePodParts {
  readonly pod: Pod;
  readonly backend: string;
  readonly peers: Peers;
  /** What event streams are counted with. */
  readonly descriptors: Descriptors;
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
  readonly #descriptors: Descriptors;
  readonly #sessions = new Map<string, SseSession>();

  constructor({ pod, backend, peers, descriptors }: SsePodParts) {
    this.name = pod.name;
    this.address = pod.address;
    this.health = pod.health;
    this.#pod = pod;
    this.#backend = backend;
    this.#peers = peers;
    this.#descriptors = descriptors;
  }

  get outstanding(): number {
    return this.#pod.outstanding;
  }

  get connected(): number {
    return this.#pod.connected;
  }

  /** Errors: TransportFault, AT_CAPACITY for one event stream too many, or the signal's reason once it is aborted. */
  async send(request: UpstreamRequest): Promise<UpstreamResponse> {
    const id = request.headers["mcp-session-id"];
    if (id === undefined) {
      // Any answer says that somebody is there: no event stream is opened to find out.
      return await (request.purpose === "probe" ? this.#pod.send(request) : this.#open(request));
    }
    const owner = ownerOf(id);
    if (owner === undefined || owner === this.#peers.url) return await this.sendHere(request);
    const where = { owner, backend: this.#backend, pod: this.name };
    return await this.#peers.forward({ ...where, id, request });
  }

  /** For a session of this process: 404 where it is none. */
  async sendHere(request: UpstreamRequest): Promise<UpstreamResponse> {
    const id = request.headers["mcp-session-id"] ?? "";
    const session = this.#sessions.get(id);
    if (session === undefined) return statusOf(404);
    if (request.method === "POST") return await session.post(request);
    if (request.method === "GET") return session.listen(request.signal);
    this.#sessions.delete(id);
    session.close();
    return statusOf(204);
  }

  /** Lets what is in flight finish, also for other processes. */
  async close(): Promise<void> {
    const sessions = [...this.#sessions.values()];
    for (const session of sessions) session.finish();
    await Promise.all(sessions.map(({ ended }) => ended));
    await this.#pod.close();
  }

  /** Cuts what is in flight. */
  async destroy(reason: Error): Promise<void> {
    for (const session of this.#sessions.values()) session.close();
    await this.#pod.destroy(reason);
  }

  async #open(request: UpstreamRequest): Promise<UpstreamResponse> {
    const owner = Buffer.from(this.#peers.url).toString("base64url");
    const id = `sse.${owner}.${random.uuid()}`;
    const giveBack = this.#takeStream();
    const stream = await openSseStream(this.#pod, request.signal).catch((error: unknown) => {
      giveBack();
      throw error;
    });
    const session = new SseSession(this.#pod, stream);
    this.#sessions.set(id, session);
    void session.ended.then(() => {
      giveBack();
      this.#sessions.delete(id);
    });
    // A server knows by the end of the stream alone that nobody comes.
    request.signal.addEventListener("abort", () => {
      if (!session.initialized) session.close();
    });
    try {
      const response = await session.post(request);
      if (response.statusCode >= 300) session.close();
      return { ...response, headers: { ...response.headers, "mcp-session-id": id } };
    } catch (error) {
      session.close();
      throw error;
    }
  }

  #takeStream(): () => void {
    const giveBack = this.#descriptors.takeStream();
    if (giveBack !== undefined) return giveBack;
    const message = `this process has no room for another event stream of the backend ${this.#backend}: its open files are in use`;
    throw new FleetError("AT_CAPACITY", { message, data: { backend: this.#backend } });
  }
}

function ownerOf(id: string): string | undefined {
  const text = ID.exec(id)?.[1];
  return text === undefined ? undefined : Buffer.from(text, "base64url").toString("utf8");
}
