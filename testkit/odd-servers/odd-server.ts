import { once } from "node:events";
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

/** What an answer is, before it is bytes. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
}

/** One request, what a server that behaves would answer, and the ways to do otherwise. */
export interface OddRequest {
  /** A JSON-RPC method, `response`, or the HTTP method of a request without a message. */
  readonly kind: string;
  /** How many of this kind came in this session so far, with this one; of initialize, at this path. */
  readonly nth: number;
  readonly headers: IncomingHttpHeaders;
  readonly message: Readonly<Record<string, unknown>>;
  readonly params: Readonly<Record<string, unknown>>;
  /** The request's own path. */
  readonly path: string;
  /** The same server at another port, another origin. */
  readonly otherOrigin: string;
  readonly usual: Reply;
  readonly response: ServerResponse;
  /** What the path remembers between its requests. */
  readonly memory: Memory;
}

export interface Memory {
  /** The open GET stream, where there is one. */
  stream: ServerResponse | undefined;
  /** Messages that clients answered. */
  readonly answered: Record<string, unknown>[];
  /** What a script keeps. */
  readonly notes: Map<string, unknown>;
}

type Sent = Reply | undefined;

/** The answer; undefined: the script has answered by itself, or never will. */
export type Script = (request: OddRequest) => Sent | Promise<Sent>;

export interface OddRow {
  /** The path's first segment, and the backend's name. */
  readonly name: string;
  /** What the server does, as the table says it. */
  readonly input: string;
  readonly script: Script;
  /** The tools that have to be listed; default: `echo` and, without `toolCount`, `add`. */
  readonly tools?: readonly string[];
  /** How many have to be listed; default: so many. */
  readonly toolCount?: number;
  /** Why a gateway and a proxy do not do what every SDK does. */
  readonly shortfall?: string;
}

interface Path extends Memory {
  readonly sessions: Set<string>;
  readonly seen: Map<string, number>;
}

export const JSON_TYPE = { "content-type": "application/json" };
export const EVENTS = { "content-type": "text/event-stream" };

/** An MCP server that is odd in one way at each of its paths, `/<row>/<whoever asks>/mcp`. */
export class OddServer {
  readonly #rows: ReadonlyMap<string, OddRow>;
  readonly #paths = new Map<string, Path>();
  readonly #servers: Server[] = [];
  readonly #sockets = new Set<Socket>();

  private constructor(rows: readonly OddRow[]) {
    this.#rows = new Map(rows.map((row) => [row.name, row]));
  }

  static async start(rows: readonly OddRow[]): Promise<OddServer> {
    const odd = new OddServer(rows);
    await Promise.all([odd.#listen(), odd.#listen()]);
    return odd;
  }

  url(row: string, client: string): string {
    return `${this.#origin(0)}/${row}/${client}/mcp`;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await Promise.all(this.#servers.map((one) => new Promise((done) => one.close(done))));
  }

  async #listen(): Promise<void> {
    const server = createServer({ keepAliveTimeout: 60_000, maxHeaderSize: 65_536 }, (...pair) => {
      // A connection that breaks off fails what goes on in it: that is what some rows are about.
      this.#serve(...pair).catch(() => pair[1].destroy());
    });
    server.on("connection", (socket) => {
      this.#sockets.add(socket);
      socket.on("error", () => {});
      socket.once("close", () => this.#sockets.delete(socket));
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    this.#servers.push(server);
  }

  #origin(index: number): string {
    const address = this.#servers[index]?.address() as AddressInfo;
    return `http://127.0.0.1:${address.port}`;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [path = ""] = (request.url ?? "").split("?");
    const [, name = "", client = ""] = path.split("/");
    const row = this.#rows.get(name);
    const text = Buffer.concat(await request.toArray()).toString("utf8");
    if (row === undefined) return void response.writeHead(404).end();
    const odd = this.#read(this.#path(`${name}/${client}`), path, request, response, text);
    const reply = await row.script(odd);
    if (reply !== undefined) response.writeHead(reply.status, reply.headers).end(reply.body);
  }

  #path(key: string): Path {
    const known = this.#paths.get(key);
    if (known !== undefined) return known;
    const memory = { stream: undefined, answered: [], notes: new Map() };
    const path = { sessions: new Set<string>(), seen: new Map<string, number>(), ...memory };
    this.#paths.set(key, path);
    return path;
  }

  #read(
    memory: Path,
    path: string,
    request: IncomingMessage,
    response: ServerResponse,
    text: string,
  ): OddRequest {
    const message: Record<string, unknown> = text === "" ? {} : JSON.parse(text);
    const method = typeof message.method === "string" ? message.method : "response";
    const kind = request.method === "POST" ? method : String(request.method);
    const { headers } = request;
    const sessionId = String(headers["mcp-session-id"] ?? "");
    const counter = kind === "initialize" ? kind : `${kind} ${sessionId}`;
    const nth = (memory.seen.get(counter) ?? 0) + 1;
    memory.seen.set(counter, nth);
    if (kind === "response") memory.answered.push(message);
    const params = { ...Object(message.params) };
    const [, other] = [0, 1].map((index) => this.#origin(index));
    const usual = usualReply(memory, kind, sessionId, message, params);
    const asked = { kind, nth, headers, message, params, path, usual, response, memory };
    return { ...asked, otherOrigin: other ?? "" };
  }
}

export const ECHO = {
  name: "echo",
  description: "Says it again.",
  inputSchema: { type: "object" },
};
export const ADD = { name: "add", description: "Adds.", inputSchema: { type: "object" } };

export const INITIALIZED = {
  protocolVersion: "2025-11-25",
  capabilities: { tools: {} },
  serverInfo: { name: "odd", version: "1" },
};

/** What a server answers that is not odd at all: JSON, strict sessions, no GET stream. */
function usualReply(
  { sessions }: Path,
  kind: string,
  sessionId: string,
  message: Readonly<Record<string, unknown>>,
  params: Readonly<Record<string, unknown>>,
): Reply {
  if (kind === "initialize") {
    const id = `session-${sessions.size + 1}`;
    sessions.add(id);
    return json(message, INITIALIZED, { "mcp-session-id": id });
  }
  if (sessionId === "") return empty(400);
  if (!sessions.has(sessionId)) return empty(404);
  if (kind === "DELETE") {
    sessions.delete(sessionId);
    return empty(200);
  }
  if (kind === "GET") return empty(405);
  if (kind === "response" || kind.startsWith("notifications/")) return empty(202);
  if (kind === "ping") return json(message, {});
  if (kind === "tools/list") return json(message, { tools: [ECHO, ADD] });
  if (kind === "tools/call") return json(message, said(String(Object(params.arguments).text)));
  return error(message, -32601, "Method not found");
}

/** The result of a tool that says this. */
export const said = (text: string) => ({ content: [{ type: "text", text }] });

export const empty = (status: number, headers: Record<string, string> = {}): Reply => ({
  status,
  headers: { "content-length": "0", ...headers },
  body: "",
});

export function json(
  { id }: Readonly<Record<string, unknown>>,
  result: object,
  headers: Record<string, string> = {},
): Reply {
  const body = JSON.stringify({ jsonrpc: "2.0", id, result });
  return { status: 200, headers: { ...JSON_TYPE, ...headers }, body };
}

export function error(
  { id }: Readonly<Record<string, unknown>>,
  code: number,
  message: string,
  status = 200,
): Reply {
  const body = JSON.stringify({ jsonrpc: "2.0", id, error: { code, message } });
  return { status, headers: JSON_TYPE, body };
}

/** A script for requests of some kinds, the usual answer to all others. */
export function on(kinds: string | readonly string[], script: Script): Script {
  const list = typeof kinds === "string" ? [kinds] : kinds;
  return (request) => (list.includes(request.kind) ? script(request) : request.usual);
}

const ANSWERED = ["initialize", "tools/list", "tools/call"];

/** Something done to every answer with a message in it. */
export function answers(change: (usual: Reply, request: OddRequest) => Sent | Promise<Sent>) {
  return on(ANSWERED, (request) => change(request.usual, request));
}

/** The same for answers of some kinds. */
export function answersTo(
  kinds: string | readonly string[],
  change: (usual: Reply, request: OddRequest) => Sent | Promise<Sent>,
): Script {
  return on(kinds, (request) => change(request.usual, request));
}

export const withHeaders = ({ headers, ...reply }: Reply, more: Record<string, string>): Reply => ({
  ...reply,
  headers: { ...headers, ...more },
});

/** The message of an answer as a stream of one event, written otherwise where `print` says how. */
export function asEvents(
  usual: Reply,
  print = (data: string) => `event: message\ndata: ${data}\n\n`,
): Reply {
  return { ...withHeaders(usual, EVENTS), body: print(String(usual.body)) };
}

/** The answer as bytes of HTTP, as no HTTP library would write it, and then the connection's end. */
export function rawly({ response }: OddRequest, text: string | Buffer): undefined {
  response.socket?.end(text);
  return undefined;
}

/** What a row changes in a result. */
export function withResult({ body, ...reply }: Reply, more: object): Reply {
  const message = JSON.parse(String(body));
  const result = { ...message.result, ...more };
  return { ...reply, body: JSON.stringify({ ...message, result }) };
}

export async function after(milliseconds: number, reply: Reply): Promise<Reply> {
  await delay(milliseconds);
  return reply;
}

export const never: Script = () => undefined;
