import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { SdkServer } from "../sdk-server.ts";
import { ConformanceEventLog } from "./event-log.ts";
import { servePrompts } from "./prompts.ts";
import { serveResources } from "./resources.ts";
import { serveTools } from "./tools.ts";

/** What a client whose stream was closed waits before it comes back: short, to keep the suite fast. */
const RETRY_MS = 100;

/**
 * Starts an MCP server on the official SDK that has every tool, prompt and resource that the
 * conformance suite of revision 2025-11-25 calls: what a gateway is measured against.
 *
 * Its URL says `localhost`, because the suite's DNS rebinding scenario takes no other name. Each session has an event
 * log of its own.
 */
export async function startConformanceServer(): Promise<{ url: string; close(): Promise<void> }> {
  const resume = () => ({ eventStore: new ConformanceEventLog(), retryInterval: RETRY_MS });
  const server = await SdkServer.start({ build, resume });
  const url = new URL(server.url);
  url.hostname = "localhost";
  return { url: url.href, close: () => server.close() };
}

function build(): McpServer {
  const capabilities = {
    tools: { listChanged: true },
    resources: { subscribe: true, listChanged: true },
    prompts: { listChanged: true },
    logging: {},
    completions: {},
  };
  const built = new McpServer({ name: "conformance-fixture", version: "1.0.0" }, { capabilities });
  serveTools(built.server);
  serveResources(built.server);
  servePrompts(built.server);
  return built;
}
