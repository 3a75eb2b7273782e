import { randomUUID } from "node:crypto";
import { once } from "node:events";
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import { text } from "node:stream/consumers";

/**
 * An MCP server without an SDK, on 127.0.0.1: what reaches it is kept byte for byte, and what it answers
 * keeps the request's id byte for byte. Of its tools, `echo` answers with the request's own text at once and
 * `slow` when `release` is called.
 */
export class EchoServer {
  /** The text of each tools/call, in the order of arrival. */
  readonly calls: string[] = [];
  /** Those of every request, in the order of arrival. */
  readonly headers: IncomingHttpHeaders[] = [];
  readonly #server: Server;
  readonly #streams = new Set<ServerResponse>();
  readonly #waiting: (() => void)[] = [];
  #tools = ["echo", "slow"];

  private constructor() {
    this.#server = createServer((request, response) => {
      this.#answer(request, response).catch((error: unknown) => {
        console.error(error);
        response.destroy();
      });
    });
  }

  static async start(): Promise<EchoServer> {
    const echo = new EchoServer();
    echo.#server.listen(0, "127.0.0.1");
    await once(echo.#server, "listening");
    return echo;
  }

  get url(): string {
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("No port to listen on");
    return `http://127.0.0.1:${address.port}/mcp`;
  }

  /** Answers every call of `slow` that waits. */
  release(): void {
    for (const answer of this.#waiting.splice(0)) answer();
  }

  /** Waits until somebody listens to what is said unasked. */
  async listened(): Promise<void> {
    while (this.#streams.size === 0) await once(this.#server, "request");
  }

  /** Offers one more tool, and says so once on each open stream. */
  addTool(name: string): void {
    this.#tools = [...this.#tools, name];
    const changed = '{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}';
    for (const stream of this.#streams) stream.write(`data: ${changed}\n\n`);
  }

  async close(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, "close");
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.headers.push(request.headers);
    if (request.method === "DELETE") return void response.writeHead(204).end();
    if (request.method === "GET") return this.#listen(response);
    const body = await text(request);
    const { id, method, params } = JSON.parse(body);
    if (id === undefined) return void response.writeHead(202).end();
    const answer = () => respond(response, body, this.#result(method, body));
    if (method === "tools/call") this.calls.push(body);
    if (params?.name === "slow") this.#waiting.push(answer);
    else answer();
  }

  #listen(response: ServerResponse): void {
    response.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders();
    this.#streams.add(response);
    response.once("close", () => this.#streams.delete(response));
  }

  #result(method: string, body: string): object {
    if (method === "initialize") {
      const capabilities = { tools: { listChanged: true } };
      const serverInfo = { name: "echo", version: "1" };
      return { protocolVersion: "2025-11-25", capabilities, serverInfo };
    }
    if (method === "tools/list") {
      return { tools: this.#tools.map((name) => ({ name, inputSchema: { type: "object" } })) };
    }
    return method === "tools/call" ? { content: [{ type: "text", text: body }] } : {};
  }
}

function respond(response: ServerResponse, requestText: string, result: object): void {
  const idText = /"id"\s*:\s*("(?:[^"\\]|\\.)*"|[^\s,}]+)/.exec(requestText)?.[1];
  response.writeHead(200, { "content-type": "application/json", "mcp-session-id": randomUUID() });
  response.end(`{"jsonrpc":"2.0","id":${idText},"result":${JSON.stringify(result)}}`);
}
