import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { parseArgs } from "node:util";
import { Server } from "@modelcontextprotocol/sdk/server/index.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { ConformanceEventLog } from "./event-log.ts";
import { servePrompts } from "./prompts.ts";
import { serveResources } from "./resources.ts";
import { serveTools } from "./tools.ts";

/** What a client whose stream was closed waits before it comes back: short, to keep the suite fast. */
const retryMs = 100;

const localNames = new Set(["localhost", "127.0.0.1", "[::1]"]);

/**
 * Starts an MCP server on the official SDK that has every tool, prompt and resource that the
 * conformance suite of revision 2025-11-25 calls: what a gateway is measured against.
 *
 * It listens on 127.0.0.1, at a free port when `port` is 0; the URL says `localhost`, because the
 * suite's DNS rebinding scenario takes no other name. Sessions have ids and an event log each.
 */
export async function startConformanceServer(
  port = 0,
): Promise<{ url: string; close(): Promise<void> }> {
  const sessions = new Map<string, StreamableHTTPServerTransport>();
  const server = createServer((request, response) => {
    answer(sessions, request, response).catch((error: unknown) => {
      console.error(error);
      response.destroy();
    });
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("No port to listen on");

  return {
    url: `http://localhost:${address.port}/mcp`,
    async close() {
      for (const transport of [...sessions.values()]) await transport.close();
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

async function answer(
  sessions: Map<string, StreamableHTTPServerTransport>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (request.url !== "/mcp") return refuse(response, 404, "Not found");
  if (!isLocal(request)) return refuse(response, 403, "Host or Origin is not local");
  const id = request.headers["mcp-session-id"];
  const transport = typeof id === "string" ? sessions.get(id) : await openSession(sessions);
  if (!transport) return refuse(response, 404, "Session not found");
  await transport.handleRequest(request, response);
}

function isLocal(request: IncomingMessage): boolean {
  const { host, origin } = request.headers;
  const urls = [`http://${host}`, ...(origin === undefined ? [] : [origin])];
  return urls.every((url) => URL.canParse(url) && localNames.has(new URL(url).hostname));
}

/** A session is one SDK server; it is in the map from its `initialize` to its end. */
async function openSession(
  sessions: Map<string, StreamableHTTPServerTransport>,
): Promise<StreamableHTTPServerTransport> {
  const server = new Server(
    { name: "conformance-fixture", version: "1.0.0" },
    {
      capabilities: {
        tools: { listChanged: true },
        resources: { subscribe: true, listChanged: true },
        prompts: { listChanged: true },
        logging: {},
        completions: {},
      },
    },
  );
  serveTools(server);
  serveResources(server);
  servePrompts(server);
  const transport = new StreamableHTTPServerTransport({
    sessionIdGenerator: () => randomUUID(),
    eventStore: new ConformanceEventLog(),
    retryInterval: retryMs,
    onsessioninitialized: (id) => {
      sessions.set(id, transport);
    },
  });
  transport.onclose = () => {
    if (transport.sessionId !== undefined) sessions.delete(transport.sessionId);
  };
  // The class declares its callbacks `T | undefined`, the interface `T?`: exact optional types see a difference.
  await server.connect(transport as Transport);
  return transport;
}

function refuse(response: ServerResponse, status: number, message: string): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify({ jsonrpc: "2.0", id: null, error: { code: -32000, message } }));
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { port: { type: "string", default: "0" } } });
  const { url } = await startConformanceServer(Number(values.port));
  console.log(url);
}
