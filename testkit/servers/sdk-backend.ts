import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";

export interface SdkBackend {
  readonly url: string;
  /** The servers of the sessions that are open: what happens to a server happens in all of them. */
  readonly servers: ReadonlySet<McpServer>;
  close(): Promise<void>;
}

/**
 * An MCP server on the official SDK over streamable HTTP, on 127.0.0.1 unless another host is given: `build` makes
 * the server of one session. At a free port when `port` is 0.
 */
export async function startSdkBackend(
  build: () => McpServer,
  port = 0,
  host = "127.0.0.1",
): Promise<SdkBackend> {
  const transports = new Map<string, StreamableHTTPServerTransport>();
  const servers = new Set<McpServer>();

  const open = async (): Promise<StreamableHTTPServerTransport> => {
    const server = build();
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: () => randomUUID(),
      onsessioninitialized: (id) => {
        transports.set(id, transport);
        servers.add(server);
      },
    });
    transport.onclose = () => {
      transports.delete(transport.sessionId ?? "");
      servers.delete(server);
    };
    // The class declares its callbacks `T | undefined`, the interface `T?`: exact optional types see a difference.
    await server.connect(transport as Transport);
    return transport;
  };

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const id = request.headers["mcp-session-id"];
    const transport = typeof id === "string" ? transports.get(id) : await open();
    if (transport === undefined) response.writeHead(404).end();
    else await transport.handleRequest(request, response);
  };

  const http = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      console.error(error);
      response.destroy();
    });
  });
  http.listen(port, host);
  await once(http, "listening");

  return {
    url: `http://${host}:${portOf(http.address())}/mcp`,
    servers,
    async close() {
      if (!http.listening) return;
      for (const transport of [...transports.values()]) await transport.close();
      http.close();
      http.closeAllConnections();
      await once(http, "close");
    },
  };
}

function portOf(address: ReturnType<ReturnType<typeof createServer>["address"]>): number {
  if (address === null || typeof address === "string") throw new Error("No port to listen on");
  return address.port;
}
