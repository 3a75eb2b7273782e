import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { Agent, request } from "undici";
import type { Headers } from "../clients/raw-client.ts";
import type { Deed } from "./deeds.ts";
import { RESOURCE } from "./shaky-backend.ts";

/** What all of them say of themselves. */
export const INITIALIZE = {
  protocolVersion: "2025-11-25",
  capabilities: { roots: {}, elicitation: {} },
  clientInfo: { name: "chaos", version: "1" },
};

/** What a request of each kind asks for; `call` is what all others do. */
const REQUESTS: Readonly<Record<string, { readonly method: string; readonly params: object }>> = {
  list: { method: "tools/list", params: {} },
  level: { method: "logging/setLevel", params: { level: "info" } },
  subscribe: { method: "resources/subscribe", params: { uri: RESOURCE } },
  unsubscribe: { method: "resources/unsubscribe", params: { uri: RESOURCE } },
};

/** What no client may ever see. */
class Defect extends Error {}

/** Clients that cancel, abort and disconnect. Any answer will do for them that does not say that the gateway failed. */
export class ChaosClients {
  readonly #url: string;
  readonly #agent: Agent;
  readonly #sessionIds: (string | undefined)[] = [];

  /** `atOnce`: how many of their deeds go on at a time. */
  constructor(url: string, atOnce: number) {
    this.#url = url;
    this.#agent = new Agent({ connections: 2 * atOnce });
  }

  /** Ends the sessions that are left. */
  async end(): Promise<void> {
    const ids = this.#sessionIds.splice(0).filter((id) => id !== undefined);
    await Promise.all(ids.map((id) => this.#send("DELETE", id)));
  }

  close(): Promise<void> {
    return this.#agent.destroy();
  }

  /** @throws an answer says INTERNAL, or a connection broke that the client did not break. */
  async do({ kind, session, tool, breakMs }: Deed, id: number): Promise<void> {
    const sessionId = this.#sessionIds[session] ?? (await this.#open(session));
    if (sessionId === undefined) return;
    const wanted = REQUESTS[kind] ?? { method: "tools/call", params: { name: tool } };
    const message = { jsonrpc: "2.0", id, ...wanted };
    if (kind === "cut") return await this.#cut(message, sessionId, breakMs);
    if (kind === "abort") return void (await this.#post(message, sessionId, breakMs));
    if (kind === "stream") return void (await this.#send("GET", sessionId, undefined, breakMs));
    if (kind === "end") {
      this.#sessionIds[session] = undefined;
      return void (await this.#send("DELETE", sessionId));
    }
    const answered = this.#post(message, sessionId);
    if (kind === "cancel") await this.#cancel(id, sessionId, breakMs);
    const { status = 0 } = (await answered) ?? {};
    // It has expired.
    if (status === 404 && this.#sessionIds[session] === sessionId) {
      this.#sessionIds[session] = undefined;
    }
  }

  async #open(session: number): Promise<string | undefined> {
    const message = { jsonrpc: "2.0", id: 0, method: "initialize", params: INITIALIZE };
    const id = (await this.#post(message))?.headers["mcp-session-id"];
    if (typeof id === "string") this.#sessionIds[session] = id;
    return this.#sessionIds[session];
  }

  async #cancel(requestId: number, sessionId: string, breakMs: number): Promise<void> {
    await delay(breakMs);
    const params = { requestId, reason: "chaos" };
    await this.#post({ jsonrpc: "2.0", method: "notifications/cancelled", params }, sessionId);
  }

  #post(message: object, sessionId?: string, breakMs?: number) {
    return this.#send("POST", sessionId, JSON.stringify(message), breakMs);
  }

  /** Breaks off after `breakMs`, where that is given. Returns what it was answered with; undefined: it broke off. */
  async #send(
    method: "GET" | "POST" | "DELETE",
    sessionId?: string,
    body?: string,
    breakMs?: number,
  ): Promise<{ readonly status: number; readonly headers: Answer["headers"] } | undefined> {
    const stop = new AbortController();
    const timer = breakMs === undefined ? undefined : setTimeout(() => stop.abort(), breakMs);
    try {
      const answer = await request(this.#url, {
        dispatcher: this.#agent,
        method,
        headers: headersOf(method, sessionId),
        body: body ?? null,
        signal: stop.signal,
      });
      const { statusCode: status, headers } = answer;
      const text = await answer.body.text();
      if (status === 500 || text.includes('"INTERNAL"')) throw new Defect(`${body} got ${text}`);
      return { status, headers };
    } catch (error) {
      if (error instanceof Defect || !stop.signal.aborted) throw error;
      return undefined;
    } finally {
      clearTimeout(timer);
    }
  }

  /** A request that breaks off in its body. */
  async #cut(message: object, sessionId: string, breakMs: number): Promise<void> {
    const { hostname, port, host, pathname } = new URL(this.#url);
    const body = JSON.stringify(message);
    const headers = { ...headersOf("POST", sessionId), host, "content-length": body.length };
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    const socket = connect(Number(port), hostname).on("error", () => {});
    socket.write(`POST ${pathname} HTTP/1.1\r\n${lines.join("")}\r\n`);
    socket.write(body.slice(0, body.length / 2));
    await delay(breakMs);
    const closed = once(socket, "close");
    socket.destroy();
    await closed;
  }
}

type Answer = Awaited<ReturnType<typeof request>>;

function headersOf(method: string, sessionId: string | undefined): Headers {
  return {
    accept: method === "GET" ? "text/event-stream" : "application/json, text/event-stream",
    ...(method === "POST" && { "content-type": "application/json" }),
    ...(sessionId !== undefined && { "mcp-session-id": sessionId }),
  };
}
