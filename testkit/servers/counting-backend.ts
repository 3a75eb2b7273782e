import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";

/** What a backend was asked: enough to answer, and the exact text of the body. */
export interface BackendRequest {
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly body: string;
}

/** What goes behind the id of the response, byte for byte: `"result":{}` or `"error":{…}`. */
export interface BackendAnswer {
  readonly outcome: string;
  /** As an SSE stream instead of a JSON body. */
  readonly asEvents?: boolean;
}

type MaybeAnswer = BackendAnswer | undefined;

/** Undefined leaves the answer to the backend, which knows one tool: `echo`. */
export type Answerer = (request: BackendRequest) => MaybeAnswer | Promise<MaybeAnswer>;

export interface BackendCounts {
  /** HTTP requests, by JSON-RPC method, or by HTTP method where there is no body. */
  readonly requests: Readonly<Record<string, number>>;
  /** TCP connections accepted so far. */
  readonly connections: number;
  /** TCP connections open now. */
  readonly sockets: number;
  /** Sessions open now: each `initialize` opens one, its DELETE ends it. */
  readonly sessions: number;
}

const ECHO =
  '{"name":"echo","inputSchema":{"type":"object","properties":{"text":{"type":"string"}}}}';

/**
 * An MCP server on bare `node:http` that counts what reaches it. Sessions are strict: a request without a known
 * one gets 404. `GET /counts` answers the counts as JSON to whoever runs it as a process.
 */
export class CountingBackend {
  readonly url: string;
  /** The bodies of all calls, in the order in which they came; kept where `keepBodies` asks for it. */
  readonly bodies: string[] = [];
  readonly #server: Server;
  readonly #answer: Answerer;
  readonly #keepBodies: boolean;
  readonly #requests = new Map<string, number>();
  readonly #sessions = new Set<string>();
  #connections = 0;
  #sockets = 0;

  private constructor(server: Server, url: string, answer: Answerer, keepBodies: boolean) {
    this.url = url;
    this.#server = server;
    this.#answer = answer;
    this.#keepBodies = keepBodies;
    server.on("request", (request, response) => void this.#serve(request, response));
    server.on("connection", (socket) => {
      this.#connections += 1;
      this.#sockets += 1;
      socket.once("close", () => {
        this.#sockets -= 1;
      });
    });
  }

  /** Listens on 127.0.0.1, at a free port. `keepAliveSeconds`: how long an idle connection stays open. */
  static async start({
    answer = () => undefined,
    keepBodies = false,
    keepAliveSeconds = 5,
  }: {
    answer?: Answerer;
    keepBodies?: boolean;
    keepAliveSeconds?: number;
  } = {}): Promise<CountingBackend> {
    const server = createServer({ keepAliveTimeout: keepAliveSeconds * 1000 });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("no port to listen on");
    const url = `http://127.0.0.1:${address.port}/mcp`;
    return new CountingBackend(server, url, answer, keepBodies);
  }

  get counts(): BackendCounts {
    return {
      requests: Object.fromEntries(this.#requests),
      connections: this.#connections,
      sockets: this.#sockets,
      sessions: this.#sessions.size,
    };
  }

  async close(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, "close");
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.url === "/counts") return sendJson(response, JSON.stringify(this.counts));
    if (request.method === "POST") return this.#post(await textOf(request), request, response);
    this.#count(request.method ?? "");
    const session = sessionOf(request);
    if (!this.#sessions.has(session)) return void response.writeHead(404).end();
    if (request.method === "DELETE") {
      this.#sessions.delete(session);
      return void response.writeHead(204).end();
    }
    response.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders();
  }

  async #post(body: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method, id, params = {} } = JSON.parse(body);
    this.#count(method ?? "response");
    if (method === "initialize") return this.#initialize(id, response);
    if (!this.#sessions.has(sessionOf(request))) return void response.writeHead(404).end();
    if (id === undefined || method === undefined) return void response.writeHead(202).end();
    if (this.#keepBodies && method === "tools/call") this.bodies.push(body);
    const own = await this.#answer({ method, params, body });
    const { outcome, asEvents } = own ?? plain(method, params);
    const text = `{"jsonrpc":"2.0","id":${JSON.stringify(id)},${outcome}}`;
    if (!asEvents) return sendJson(response, text);
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.end(`event: message\ndata: ${text}\n\n`);
  }

  #initialize(id: unknown, response: ServerResponse): void {
    const session = randomUUID();
    this.#sessions.add(session);
    response.setHeader("mcp-session-id", session);
    const result = {
      protocolVersion: "2025-11-25",
      capabilities: { tools: { listChanged: true } },
      serverInfo: { name: "counting", version: "1.0.0" },
    };
    sendJson(response, JSON.stringify({ jsonrpc: "2.0", id, result }));
  }

  #count(what: string): void {
    this.#requests.set(what, (this.#requests.get(what) ?? 0) + 1);
  }
}

function plain(method: string, params: Readonly<Record<string, unknown>>): BackendAnswer {
  if (method === "ping") return { outcome: '"result":{}' };
  if (method === "tools/list") return { outcome: `"result":{"tools":[${ECHO}]}` };
  if (method === "tools/call") {
    const content = [{ type: "text", text: JSON.stringify(params.arguments) }];
    return { outcome: `"result":${JSON.stringify({ content })}` };
  }
  return { outcome: '"error":{"code":-32601,"message":"Method not found"}' };
}

function sessionOf({ headers }: IncomingMessage): string {
  return String(headers["mcp-session-id"]);
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = await request.toArray();
  return Buffer.concat(chunks).toString("utf8");
}

function sendJson(response: ServerResponse, text: string): void {
  const headers = {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(text),
  };
  response.writeHead(200, headers).end(text);
}

if (import.meta.main) {
  const { url } = await CountingBackend.start();
  process.stdout.write(`${url}\n`);
}
