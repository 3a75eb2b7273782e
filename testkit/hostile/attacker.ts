import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { Agent } from "undici";
import { type Headers, RawClient } from "../clients/raw-client.ts";

/** Not that of honest clients: limits that hold for an address hold for this one. */
const ADDRESS = "127.0.0.2";

/** Between two attempts at something: enough for the machine to do anything else. */
const PAUSE_MS = 10;

export interface Target {
  readonly url: string;
  /** A tool that answers `{megabytes}`, and never for `{megabytes: -1}`. */
  readonly tool: string;
}

/** A client that means harm, until it is told to stop. What it is answered does not matter to it. */
export class Attacker {
  readonly #target: Target;
  readonly #stop: AbortSignal;
  readonly #agent = new Agent({ localAddress: ADDRESS, connections: 64 });
  readonly #sockets = new Set<Socket>();
  #session: Promise<RawClient> | undefined;
  #id = 0;
  #attempts = 0;

  constructor(target: Target, stop: AbortSignal) {
    this.#target = target;
    this.#stop = stop;
  }

  /** How often it has begun what it does. */
  get attempts(): number {
    return this.#attempts;
  }

  get isStopped(): boolean {
    return this.#stop.aborted;
  }

  /** Does something again and again, so many at a time. */
  async keep(work: () => Promise<unknown>, atOnce: number): Promise<void> {
    const worker = async () => {
      while (!this.isStopped) {
        this.#attempts += 1;
        await Promise.race([work().catch(() => {}), this.#stopped()]);
        await delay(PAUSE_MS);
      }
    };
    await Promise.all(Array.from({ length: atOnce }, worker));
  }

  /** Resolves after so long, or when it is told to stop. */
  async wait(milliseconds: number): Promise<void> {
    await delay(milliseconds, undefined, { signal: this.#stop }).catch(() => {});
  }

  /** Sends bytes on a connection of their own, and reads nothing. It is closed when the attack stops, if not before. */
  async socket(text = ""): Promise<Socket> {
    const { hostname, port } = new URL(this.#target.url);
    const socket = connect({ host: hostname, port: Number(port), localAddress: ADDRESS });
    this.#sockets.add(socket);
    socket.on("error", () => {}).once("close", () => this.#sockets.delete(socket));
    await once(socket, "connect");
    socket.write(text);
    return socket;
  }

  /** A new session. */
  async open(capabilities: object = {}, protocolVersion = "2025-03-26"): Promise<RawClient> {
    const client = new RawClient(this.#target.url, this.#agent);
    await client.initialize({ protocolVersion, capabilities });
    return client;
  }

  /** The one that it has, or a new one. */
  async session(): Promise<RawClient> {
    this.#session ??= this.open();
    const client = await this.#session;
    if (client.sessionId === undefined) this.#session = undefined;
    return client;
  }

  /** Posts a body in its session. */
  async post(body: string | Buffer, headers: Headers = {}): Promise<void> {
    const { status } = await (await this.session()).post(body, headers);
    if (status === 404) this.#session = undefined;
  }

  /** Asks for something in its session. */
  async ask(method: string, params: object): Promise<void> {
    await this.post(this.request(method, params));
  }

  request(method: string, params: object, id: unknown = this.nextId()): string {
    return JSON.stringify({ jsonrpc: "2.0", id, method, params });
  }

  /** A call of the tool, as text. */
  call(megabytes: number, id: unknown = this.nextId()): string {
    return this.request("tools/call", { name: this.#target.tool, arguments: { megabytes } }, id);
  }

  /** A request in its session as bytes, for a connection of its own. */
  async bytes(method: string, headers: Headers, body = ""): Promise<string> {
    const { host, pathname } = new URL(this.#target.url);
    const all = {
      host,
      accept: method === "GET" ? "text/event-stream" : "application/json, text/event-stream",
      "content-type": "application/json",
      "mcp-session-id": (await this.session()).sessionId,
      "content-length": method === "GET" ? undefined : String(Buffer.byteLength(body)),
      ...headers,
    };
    const lines = Object.entries(all).flatMap(([name, value]) =>
      value === undefined ? [] : [`${name}: ${value}\r\n`],
    );
    return `${method} ${pathname} HTTP/1.1\r\n${lines.join("")}\r\n${body}`;
  }

  nextId(): number {
    this.#id += 1;
    return this.#id;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await this.#agent.destroy();
  }

  async #stopped(): Promise<void> {
    if (!this.isStopped) await once(this.#stop, "abort");
  }
}
