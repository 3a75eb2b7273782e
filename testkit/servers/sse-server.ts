import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { SSEServerTransport } from "@modelcontextprotocol/sdk/server/sse.js";
import { z } from "zod";

/** What a test does in the place of the server's event stream. */
export type StreamScript = (response: ServerResponse) => void;

/** Where messages are taken and never answered. */
export const SILENT_PATH = "/silent";

/** A server of the official SDK that speaks HTTP+SSE, with a counter of its own for each session. */
export class SseServer {
  readonly url: string;
  /** Set: what is done instead of opening the next event streams. */
  script: StreamScript | undefined;
  /** Event streams that were opened, and POSTs to their address. */
  opened = 0;
  probes = 0;
  readonly #server: Server;
  readonly #sessions = new Map<string, SSEServerTransport>();
  readonly #streams = new Set<ServerResponse>();

  private constructor(server: Server) {
    this.#server = server;
    const { port } = server.address() as AddressInfo;
    this.url = `http://127.0.0.1:${port}/sse`;
    server.on("request", (request, response) => void this.#serve(request, response));
  }

  static async start(): Promise<SseServer> {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    return new SseServer(server);
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
    this.#server.close();
    this.#server.closeIdleConnections();
  }

  /** Breaks every event stream off. */
  async breakOff(): Promise<void> {
    await Promise.all([...this.#sessions.values()].map((session) => session.close()));
  }

  async stop(): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? "", this.url);
    if (request.method === "GET" && pathname === "/sse") {
      this.opened += 1;
      this.#streams.add(response);
      response.once("close", () => this.#streams.delete(response));
      if (this.script !== undefined) return this.script(response);
      return await this.#open(response);
    }
    if (pathname === "/sse") this.probes += 1;
    if (pathname === SILENT_PATH) return void response.writeHead(202).end();
    const session = this.#sessions.get(searchParams.get("sessionId") ?? "");
    if (session === undefined) return void response.writeHead(404).end();
    await session.handlePostMessage(request, response);
  }

  async #open(response: ServerResponse): Promise<void> {
    const transport = new SSEServerTransport("/messages", response);
    this.#sessions.set(transport.sessionId, transport);
    response.once("close", () => this.#sessions.delete(transport.sessionId));
    await buildServer().connect(transport);
  }
}

/** More than the socket buffers between three processes hold. */
export const FLOOD_MESSAGES = 640;
const FLOOD_MESSAGE_BYTES = 64 * 1024;

function buildServer(): McpServer {
  const server = new McpServer(
    { name: "older", version: "1.0.0" },
    { capabilities: { logging: {} } },
  );
  let count = 0;
  const text = (value: unknown) => ({ content: [{ type: "text" as const, text: String(value) }] });
  server.registerTool("count", {}, async () => {
    count += 1;
    return text(count);
  });
  server.registerTool("echo", { inputSchema: { text: z.string() } }, async (input) =>
    text(input.text),
  );
  server.registerTool("never", {}, () => new Promise(() => {}));
  server.registerTool("work", {}, async ({ _meta, sendNotification }) => {
    const progressToken = _meta?.progressToken ?? "";
    for (const progress of [1, 2]) {
      await sendNotification({
        method: "notifications/progress",
        params: { progressToken, progress },
      });
    }
    return text("done");
  });
  server.registerTool("flood", {}, async ({ sendNotification }) => {
    for (let index = 0; index < FLOOD_MESSAGES; index += 1) {
      const params = { level: "info" as const, data: "x".repeat(FLOOD_MESSAGE_BYTES) };
      await sendNotification({ method: "notifications/message", params });
    }
    return text("dry");
  });
  server.registerTool("ask", {}, async () => {
    const params = {
      message: "Who?",
      requestedSchema: { type: "object" as const, properties: {} },
    };
    const { action } = await server.server.elicitInput(params);
    return text(action);
  });
  return server;
}
