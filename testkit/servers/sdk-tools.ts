import { hostname } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import * as z from "zod";

/** Calls of `work` that have begun, in all sessions. */
let running = 0;

/** More than the socket buffers between three processes hold. */
export const FLOOD_MESSAGES = 640;
const FLOOD_MESSAGE_BYTES = 64 * 1024;

/** A stateful server, for one session, which counts by itself. */
export function buildServer(): McpServer {
  const capabilities = { logging: {} };
  const server = new McpServer({ name: "counter", version: "1.0.0" }, { capabilities });
  let count = 0;
  server.registerTool("count", {}, async () => {
    count += 1;
    return text(count);
  });
  // A call that takes its time, is numbered by its client, and says which pod has counted it.
  const inputSchema = { call: z.number(), milliseconds: z.number() };
  server.registerTool("work", { inputSchema }, async ({ call, milliseconds }) => {
    count += 1;
    const said = JSON.stringify({ call, count, pod: hostname() });
    running += 1;
    await delay(milliseconds);
    running -= 1;
    return text(said);
  });
  registerEcho(server);
  registerSpeakers(server);
  return server;
}

/** Resolves when no call of `work` is in flight. */
export async function workDone(): Promise<void> {
  while (running > 0) await delay(10);
}

function registerEcho(server: McpServer): void {
  const inputSchema = { text: z.string() };
  server.registerTool("echo", { inputSchema }, async (input) => text(input.text));
  server.registerTool("never", {}, () => new Promise(() => {}));
}

/** Tools that say something, or ask, before they answer. */
function registerSpeakers(server: McpServer): void {
  server.registerTool("progress", {}, async ({ _meta, sendNotification }) => {
    const progressToken = _meta?.progressToken ?? "";
    for (const progress of [1, 2]) {
      const params = { progressToken, progress };
      await sendNotification({ method: "notifications/progress", params });
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
    const requestedSchema = { type: "object" as const, properties: {} };
    const { action } = await server.server.elicitInput({ message: "Who?", requestedSchema });
    return text(action);
  });
}

function text(value: string | number) {
  return { content: [{ type: "text" as const, text: String(value) }] };
}
