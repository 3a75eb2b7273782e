import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { freePort } from "../processes/free-ports.ts";
import { Exchange, type Received, textResult } from "./scripted-exchange.ts";

export type Script = (exchange: Exchange) => void | Promise<void>;

export interface BackendOptions {
  /** How long an idle connection stays open. Default: 5 s. */
  readonly keepAliveSeconds?: number;
  /** Whether what is received is kept, or only counted. Default: true. */
  readonly keepRequests?: boolean;
}

export interface BackendCounts {
  /** HTTP requests by kind, whoever made them. */
  readonly requests: Readonly<Record<string, number>>;
  /** Connections accepted so far, and those that are open. */
  readonly connections: number;
  readonly sockets: number;
  /** Sessions that are open: each initialize opens one, its DELETE ends it. */
  readonly sessions: number;
}

const DISCOVERY = "mcp-fleet";

/**
 * An MCP server over plain HTTP that behaves well until a test scripts otherwise, and counts everything:
 * requests by kind, connections, sessions.
 */
export class ScriptedBackend {
  readonly received: Received[] = [];
  /** The ids of the sessions that it remembers. */
  readonly sessions = new Set<string>();
  /** Connections that were ever accepted. */
  connections = 0;
  /** What an unknown session is answered with. */
  lostStatus = 404;
  /** Sees a request before its body is read; true: it has dealt with it. */
  onHead: ((request: IncomingMessage, response: ServerResponse) => boolean) | undefined;
  tools: object[] = [
    tool("write", {}),
    tool("read", { readOnlyHint: true }),
    tool("repeat", { idempotentHint: true }),
  ];
  prompts: object[] = [];
  resources: object[] = [];
  resourceTemplates: object[] = [];
  /** What names a new session. */
  newSessionId: () => string = randomUUID;
  /** What it says of itself in initialize. */
  capabilities: object = {
    tools: { listChanged: true },
    resources: { subscribe: true },
    logging: {},
  };
  readonly #clients = new Map<string, string>();
  readonly #scripts = new Map<string, Script>();
  readonly #next = new Map<string, Script[]>();
  readonly #streams = new Set<Exchange>();
  readonly #sockets = new Set<Socket>();
  readonly #requests = new Map<string, number>();
  readonly #options: BackendOptions;
  #server: Server;
  #port = 0;

  protected constructor(options: BackendOptions) {
    this.#options = options;
    this.#server = this.#build();
  }

  static async start(options: BackendOptions = {}): Promise<ScriptedBackend> {
    const backend = new ScriptedBackend(options);
    await backend.listen();
    return backend;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}/mcp`;
  }

  get openSockets(): number {
    return this.#sockets.size;
  }

  get counts(): BackendCounts {
    const { connections, openSockets: sockets } = this;
    const requests = Object.fromEntries(this.#requests);
    return { requests, connections, sockets, sessions: this.sessions.size };
  }

  /** Takes connections (again), at the port of the first time. */
  async listen(): Promise<void> {
    if (this.#port === 0) this.#port = await freePort();
    this.#server = this.#build();
    this.#server.listen(this.#port, "127.0.0.1");
    await once(this.#server, "listening");
  }

  /** Breaks all connections off and refuses new ones. */
  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets) socket.resetAndDestroy();
    await closed;
  }

  /** Closes the connections on which nothing is going on. */
  closeIdle(): void {
    this.#server.closeIdleConnections();
  }

  /** Forgets all sessions, as a restart does. */
  forget(): void {
    this.sessions.clear();
  }

  /** What is done to every request of a kind from now on. */
  on(kind: string, script: Script): void {
    this.#scripts.set(kind, script);
  }

  /** What is done to the next request of a kind, ahead of everything else. */
  once(kind: string, script: Script): void {
    this.#next.set(kind, [...(this.#next.get(kind) ?? []), script]);
  }

  /** The requests of a kind that clients caused. */
  of(kind: string): Received[] {
    return this.received.filter((one) => one.kind === kind && one.client !== DISCOVERY);
  }

  count(kind: string): number {
    return this.of(kind).length;
  }

  /** How many requests of a kind the gateway made for itself. */
  discovered(kind: string): number {
    return this.received.filter((one) => one.kind === kind && one.client === DISCOVERY).length;
  }

  /** The sessions that clients have here. */
  get clientSessions(): string[] {
    return [...this.sessions].filter((id) => this.#clients.get(id) !== DISCOVERY);
  }

  /** Says something on every open GET stream. */
  async announce(message: object): Promise<void> {
    await Promise.all([...this.#streams].map((stream) => stream.event(message)));
  }

  /** Says something on the open GET stream of one session; where there is none, nobody hears it. */
  async announceTo(sessionId: string | undefined, message: object): Promise<void> {
    const ofSession = [...this.#streams].filter(({ received }) => received.sessionId === sessionId);
    await Promise.all(ofSession.map((stream) => stream.event(message)));
  }

  /** How many GET streams clients have open. */
  get clientStreams(): number {
    return [...this.#streams].filter(({ received }) => received.client !== DISCOVERY).length;
  }

  /** Ends every open GET stream. */
  endStreams(): void {
    for (const stream of this.#streams) stream.end();
  }

  #build(): Server {
    const keepAliveTimeout = (this.#options.keepAliveSeconds ?? 5) * 1000;
    const server = createServer({ keepAliveTimeout }, (request, response) => {
      // A reset connection fails its requests: that is what the tests are about.
      this.#serve(request, response).catch(() => {});
    });
    server.on("connection", (socket) => {
      this.connections += 1;
      this.#sockets.add(socket);
      socket.on("error", () => {});
      socket.once("close", () => this.#sockets.delete(socket));
    });
    return server;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (this.onHead?.(request, response)) return;
    const received = this.#read(request, Buffer.concat(await request.toArray()).toString("utf8"));
    const { kind } = received;
    this.#requests.set(kind, (this.#requests.get(kind) ?? 0) + 1);
    if (this.#options.keepRequests !== false) this.received.push(received);
    const exchange = new Exchange(received, response);
    const script = this.#next.get(kind)?.shift() ?? this.#scripts.get(kind);
    if (script !== undefined) return await script(exchange);
    this.behave(exchange);
  }

  #read(request: IncomingMessage, text: string): Received {
    const message: Record<string, unknown> = text === "" ? {} : JSON.parse(text);
    const params = objectIn(message, "params");
    const header = request.headers["mcp-session-id"];
    const sessionId = typeof header === "string" ? header : undefined;
    const name = objectIn(params, "clientInfo").name;
    const known = sessionId === undefined ? undefined : this.#clients.get(sessionId);
    const client = typeof name === "string" ? name : known;
    const ofMessage = typeof message.method === "string" ? message.method : "response";
    const kind = request.method === "POST" ? ofMessage : String(request.method);
    return { kind, client, sessionId, headers: request.headers, text, message, params };
  }

  /** What a server does that nobody scripted. */
  behave(exchange: Exchange): void {
    const { kind, params, sessionId, client } = exchange.received;
    if (kind === "initialize") this.welcome(exchange);
    else if (!this.sessions.has(sessionId ?? "")) {
      exchange.status(sessionId === undefined ? 400 : this.lostStatus);
    } else if (kind === "GET") this.openStream(exchange);
    else if (kind === "DELETE") {
      this.sessions.delete(sessionId ?? "");
      this.#clients.delete(sessionId ?? "");
      exchange.status(200);
    } else if (kind === "response" || kind.startsWith("notifications/")) exchange.status(202);
    else if (kind === "tools/call") exchange.result(textResult(`${params.name} for ${client}`));
    else {
      const { tools, prompts, resources, resourceTemplates } = this;
      exchange.result({ tools, prompts, resources, resourceTemplates });
    }
  }

  /** Answers initialize with a new session. */
  welcome(exchange: Exchange): void {
    const sessionId = this.newSessionId();
    this.#clients.set(sessionId, exchange.received.client ?? "");
    this.sessions.add(sessionId);
    const result = {
      protocolVersion: "2025-11-25",
      capabilities: this.capabilities,
      serverInfo: { name: "scripted", version: "1" },
    };
    exchange.result(result, { "mcp-session-id": sessionId });
  }

  /** Answers a GET with a stream that stays open. */
  openStream(exchange: Exchange): void {
    exchange.begin();
    this.#streams.add(exchange);
    void exchange.closed().then(() => this.#streams.delete(exchange));
  }
}

function tool(name: string, annotations: object): object {
  return { name, inputSchema: { type: "object" }, annotations };
}

function objectIn(value: Record<string, unknown>, key: string): Record<string, unknown> {
  const inner = value[key];
  return typeof inner === "object" && inner !== null ? { ...inner } : {};
}
