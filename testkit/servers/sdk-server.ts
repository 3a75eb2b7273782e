import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { SSEServerTransport } from "@modelcontextprotocol/sdk/server/sse.js";
import {
  StreamableHTTPServerTransport,
  type StreamableHTTPServerTransportOptions,
} from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";

export interface SdkServerOptions {
  /** Makes the server of one session. */
  readonly build: () => McpServer;
  /** Default: Streamable HTTP. */
  readonly transport?: "streamable-http" | "sse";
  /** How streams of Streamable HTTP are resumed, session by session. Default: not at all. */
  readonly resume?: () => Pick<
    StreamableHTTPServerTransportOptions,
    "eventStore" | "retryInterval"
  >;
  /** Default: any free one. */
  readonly port?: number;
  /** Default: 127.0.0.1, at which only local hosts and origins are answered. */
  readonly host?: string;
}

interface Session {
  readonly server: McpServer;
  readonly transport: StreamableHTTPServerTransport | SSEServerTransport;
}

/** What a test does in the place of the server's event stream. */
export type StreamScript = (response: ServerResponse) => void;

const LOOPBACK = "127.0.0.1";
const LOCAL_NAMES: readonly string[] = ["localhost", LOOPBACK, "[::1]"];

/** Where messages are taken and never answered. */
export const SILENT_PATH = "/silent";

/** An MCP server on the official SDK: each session has a server of its own. */
export class SdkServer {
  readonly url: string;
  /** Set: what is done instead of opening the next event streams. */
  script: StreamScript | undefined;
  /** Event streams that were opened. */
  opened = 0;
  /** POSTs to the address of HTTP+SSE's event streams. */
  probes = 0;
  readonly #options: SdkServerOptions;
  readonly #http: Server;
  readonly #closed: Promise<unknown>;
  readonly #sessions = new Map<string, Session>();
  readonly #streams = new Set<ServerResponse>();

  private constructor(options: SdkServerOptions, http: Server) {
    const { host = LOOPBACK, transport } = options;
    const address = http.address();
    if (address === null || typeof address === "string") throw new Error("no port to listen on");
    this.url = `http://${host}:${address.port}/${transport === "sse" ? "sse" : "mcp"}`;
    this.#options = options;
    this.#http = http;
    this.#closed = once(http, "close");
    http.on("request", (request, response) => {
      this.#serve(request, response).catch((error: unknown) => {
        console.error(error);
        response.destroy();
      });
    });
  }

  static async start(options: SdkServerOptions): Promise<SdkServer> {
    const http = createServer();
    http.listen(options.port ?? 0, options.host ?? LOOPBACK);
    await once(http, "listening");
    return new SdkServer(options, http);
  }

  /** The servers of the sessions that are open: what happens to a server happens in all of them. */
  get servers(): readonly McpServer[] {
    return [...this.#sessions.values()].map(({ server }) => server);
  }

  /** Event streams that are open. */
  get streams(): number {
    return this.#streams.size;
  }

  /** What is not sent yet of what was said on the event streams. */
  get unsentBytes(): number {
    return [...this.#streams].reduce((sum, { writableLength }) => sum + writableLength, 0);
  }

  /** Writes to every event stream, whatever it is. */
  write(text: string): void {
    for (const stream of this.#streams) stream.write(text);
  }

  /** Takes no new connection: the event streams stay. */
  refuse(): void {
    this.#http.close();
    this.#http.closeIdleConnections();
  }

  /** Ends every session. */
  async endSessions(): Promise<void> {
    await Promise.all([...this.#sessions.values()].map(({ transport }) => transport.close()));
  }

  async close(): Promise<void> {
    await this.endSessions();
    this.#http.close();
    this.#http.closeAllConnections();
    await this.#closed;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { host = LOOPBACK, transport } = this.#options;
    if (host === LOOPBACK && !isLocal(request)) return refuse(response, 403, "not a local name");
    const url = new URL(request.url ?? "", this.url);
    const isStream = request.method === "GET" && url.pathname === new URL(this.url).pathname;
    if (isStream) this.#watch(response);
    if (isStream && this.script !== undefined) return this.script(response);
    if (transport === "sse") await this.#serveSse(isStream, url, request, response);
    else await this.#serveStreamable(url, request, response);
  }

  #watch(response: ServerResponse): void {
    this.opened += 1;
    this.#streams.add(response);
    response.once("close", () => this.#streams.delete(response));
  }

  async #serveStreamable(
    { pathname }: URL,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    if (pathname !== "/mcp") return refuse(response, 404, "not found");
    const id = request.headers["mcp-session-id"];
    const known = typeof id === "string" ? this.#sessions.get(id)?.transport : undefined;
    const transport = id === undefined ? await this.#openStreamable() : known;
    if (!(transport instanceof StreamableHTTPServerTransport)) {
      return refuse(response, 404, "session not found");
    }
    await transport.handleRequest(request, response);
  }

  async #openStreamable(): Promise<StreamableHTTPServerTransport> {
    const server = this.#options.build();
    const transport = new StreamableHTTPServerTransport({
      ...this.#options.resume?.(),
      sessionIdGenerator: () => randomUUID(),
      onsessioninitialized: (id) => {
        this.#sessions.set(id, { server, transport });
      },
    });
    transport.onclose = () => this.#sessions.delete(transport.sessionId ?? "");
    // The class declares its callbacks `T | undefined`, the interface `T?`: exact optional types see a difference.
    await server.connect(transport as Transport);
    return transport;
  }

  async #serveSse(
    isStream: boolean,
    { pathname, searchParams }: URL,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    if (isStream) return await this.#openSse(response);
    if (pathname === "/sse") this.probes += 1;
    if (pathname === SILENT_PATH) return void response.writeHead(202).end();
    const transport = this.#sessions.get(searchParams.get("sessionId") ?? "")?.transport;
    if (!(transport instanceof SSEServerTransport)) {
      return refuse(response, 404, "session not found");
    }
    await transport.handlePostMessage(request, response);
  }

  async #openSse(response: ServerResponse): Promise<void> {
    const server = this.#options.build();
    const transport = new SSEServerTransport("/messages", response);
    this.#sessions.set(transport.sessionId, { server, transport });
    response.once("close", () => this.#sessions.delete(transport.sessionId));
    await server.connect(transport);
  }
}

function isLocal({ headers: { host, origin } }: IncomingMessage): boolean {
  const urls = [`http://${host}`, ...(origin === undefined ? [] : [origin])];
  return urls.every((url) => URL.canParse(url) && LOCAL_NAMES.includes(new URL(url).hostname));
}

function refuse(response: ServerResponse, status: number, message: string): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify({ jsonrpc: "2.0", id: null, error: { code: -32000, message } }));
}
