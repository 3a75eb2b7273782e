import type { Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { ScriptedBackend } from "../servers/scripted-backend.ts";
import { type Exchange, textResult } from "../servers/scripted-exchange.ts";

/** What it does instead of answering. */
export type Refusal = "refuse connections" | "refuse requests" | "hang" | "reset";

/** What clients may subscribe to. */
export const RESOURCE = "chaos://resource";

/** Short, so that the connections that a round has left are soon closed. */
const KEEP_ALIVE_SECONDS = 3;

/** Between the events of an answer: long enough for a client to break off amid it. */
const PAUSE_MS = 5;

/** A backend that answers calls in each way that there is, and at times not at all. */
export class ShakyBackend {
  readonly #backend: ScriptedBackend;
  #refusal: Refusal | undefined;
  /** Of requests that are never answered. */
  readonly #hung = new Set<Socket>();

  private constructor(backend: ScriptedBackend) {
    this.#backend = backend;
    backend.resources = [{ uri: RESOURCE, name: "resource" }];
    backend.onHead = ({ socket }, response) => {
      if (this.#refusal === "hang") this.#hung.add(socket);
      else if (this.#refusal === "reset") socket.resetAndDestroy();
      else if (this.#refusal === "refuse requests") response.writeHead(503).end("try later");
      return this.#refusal !== undefined;
    };
    backend.on("tools/call", (exchange) => this.#answer(exchange));
  }

  static async start(): Promise<ShakyBackend> {
    return new ShakyBackend(await ScriptedBackend.start({ keepAliveSeconds: KEEP_ALIVE_SECONDS }));
  }

  get url(): string {
    return this.#backend.url;
  }

  get openSockets(): number {
    return this.#backend.openSockets;
  }

  forget(): void {
    this.#backend.forget();
  }

  endStreams(): void {
    this.#backend.endStreams();
  }

  async restart(): Promise<void> {
    await this.#backend.stop();
    this.#backend.forget();
    await this.#backend.listen();
  }

  async refuse(refusal: Refusal): Promise<void> {
    this.#refusal = refusal;
    if (refusal === "refuse connections") await this.#backend.stop();
  }

  /** Answers again. What hung until now never will. */
  async recover(): Promise<void> {
    const refusal = this.#refusal;
    this.#refusal = undefined;
    for (const socket of this.#hung) socket.destroy();
    this.#hung.clear();
    if (refusal === "refuse connections") await this.#backend.listen();
  }

  async stop(): Promise<void> {
    if (this.#refusal !== "refuse connections") await this.#backend.stop();
  }

  /** At once, as a stream, or as a stream that first asks the client something. */
  async #answer(exchange: Exchange): Promise<void> {
    const { sessionId, message } = exchange.received;
    if (!this.#backend.sessions.has(sessionId ?? "")) return exchange.status(404);
    const way = Number(message.id) % 3;
    if (way === 0) return exchange.result(textResult("done"));
    exchange.begin();
    const params = { level: "info", data: "working" };
    await exchange.event({ jsonrpc: "2.0", method: "notifications/message", params });
    if (way === 2) await exchange.event({ jsonrpc: "2.0", id: 7, method: "roots/list" });
    await delay(PAUSE_MS);
    await exchange.eventWithResult(textResult("done"));
    exchange.end();
  }
}
