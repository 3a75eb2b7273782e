import { setTimeout as delay } from "node:timers/promises";

import { Agent, type Dispatcher, request } from "undici";

import { randomFrom } from "../seed.ts";
import { RawEndpoint, type RawSession } from "./raw-endpoint.ts";

export interface CrowdPlan {
  /** Sessions that are opened, called in and then left alone, every second with a stream that breaks off. */
  readonly abandoned: number;
  /** Requests that break off at a random moment; every tenth opens a session, the others call. */
  readonly aborted: number;
  /** Calls of clients that behave. */
  readonly calls: number;
  /** Over how long all of it is spread; longer where the machine does not keep up. */
  readonly seconds: number;
  /** The same seed is the same crowd. */
  readonly seed: number;
}

interface Deed {
  readonly kind: "abandon" | "abort" | "call";
  /** How long the tool takes. */
  readonly callMs: number;
  readonly abortMs: number;
}

/** Sessions of clients that behave. */
const STEADY_SESSIONS = 20;

/** What goes on at once, at most. */
const WORKERS = 16;

/** Of a call, and until a request breaks off: some break off before their answer begins, some amid it, some never. */
const LONGEST_MS = 20;

const INITIALIZE = {
  protocolVersion: "2025-11-25",
  capabilities: {},
  clientInfo: { name: "crowd", version: "1" },
};

/** Clients of a gateway that come, call, go without a word, and break off. */
export class ClientCrowd {
  readonly #url: string;
  readonly #tool: string;
  readonly #agent = new Agent();
  readonly #endpoint: RawEndpoint;

  private constructor(url: string, tool: string) {
    this.#url = url;
    this.#tool = tool;
    this.#endpoint = new RawEndpoint(url, WORKERS);
  }

  /**
   * Resolves when all have been there and their connections are closed. `tool` is one that takes `{milliseconds}`.
   *
   * @throws an answer that nobody broke off is not what it should be.
   */
  static async visit(url: string, tool: string, plan: CrowdPlan): Promise<void> {
    const crowd = new ClientCrowd(url, tool);
    try {
      await crowd.#do(plan);
    } finally {
      await Promise.all([crowd.#agent.destroy(), crowd.#endpoint.close()]);
    }
  }

  async #do(plan: CrowdPlan): Promise<void> {
    const deeds = deedsOf(plan);
    const steady = await Promise.all(
      Array.from({ length: STEADY_SESSIONS }, () => this.#endpoint.open()),
    );
    const startMs = performance.now();
    const queue = deeds.entries();
    const work = async () => {
      for (const [index, deed] of queue) {
        const dueMs = startMs + (index / deeds.length) * plan.seconds * 1000;
        await delay(Math.max(0, dueMs - performance.now()));
        const session = steady[index % steady.length];
        if (deed.kind === "abandon") await this.#abandon(deed, index % 2 === 0);
        else if (deed.kind === "abort") await this.#abort(deed, index, session);
        else if (session !== undefined) await this.#call(session, deed);
      }
    };
    await Promise.all(Array.from({ length: WORKERS }, work));
    for (const session of steady) await session.end();
  }

  async #abandon(deed: Deed, listens: boolean): Promise<void> {
    const session = await this.#endpoint.open();
    const stream = listens ? await this.#send("GET", session.id) : undefined;
    await this.#call(session, deed);
    stream?.body.destroy();
  }

  async #call(session: RawSession, { callMs }: Deed): Promise<void> {
    const { status, text } = await session.call(this.#tool, { milliseconds: callMs });
    if (status !== 200 || !text.includes('"result"')) throw new Error(`${status}: ${text}`);
  }

  async #abort({ callMs, abortMs }: Deed, id: number, session?: RawSession): Promise<void> {
    const params = { name: this.#tool, arguments: { milliseconds: callMs } };
    const opens = id % 10 === 0;
    const body = opens
      ? { jsonrpc: "2.0", id: 0, method: "initialize", params: INITIALIZE }
      : { jsonrpc: "2.0", id: `abort ${id}`, method: "tools/call", params };
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), abortMs);
    try {
      const text = JSON.stringify(body);
      const answer = await this.#send("POST", opens ? undefined : session?.id, text, stop.signal);
      await answer.body.dump({ limit: Number.POSITIVE_INFINITY });
    } catch (error) {
      if (!stop.signal.aborted) throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  #send(
    method: "POST" | "GET",
    sessionId: string | undefined,
    body: string | null = null,
    signal: AbortSignal | null = null,
  ): Promise<Dispatcher.ResponseData> {
    const accept = method === "GET" ? "text/event-stream" : "application/json, text/event-stream";
    const headers = {
      accept,
      ...(body !== null && { "content-type": "application/json" }),
      ...(sessionId !== undefined && { "mcp-session-id": sessionId }),
    };
    return request(this.#url, { dispatcher: this.#agent, method, headers, body, signal });
  }
}

function deedsOf({ abandoned, aborted, calls, seed }: CrowdPlan): Deed[] {
  const random = randomFrom(seed);
  const ofKind = (kind: Deed["kind"], count: number) =>
    Array.from({ length: count }, () => {
      const [callMs, abortMs] = [random() * LONGEST_MS, random() * LONGEST_MS];
      return { place: random(), deed: { kind, callMs, abortMs } };
    });
  const all = [ofKind("abandon", abandoned), ofKind("abort", aborted), ofKind("call", calls)];
  return all
    .flat()
    .sort((one, other) => one.place - other.place)
    .map(({ deed }) => deed);
}
