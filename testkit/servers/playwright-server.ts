import { existsSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "../processes/free-ports.ts";
import { ServerProcess } from "../processes/server-process.ts";

const CLI = join(import.meta.dirname, "../../node_modules/@playwright/mcp/cli.js");

/** Whether the published server is installed. Its tools need a browser; what it asks before it looks for one does not. */
export const hasPlaywright = existsSync(CLI);

/** The published `@playwright/mcp` on a free port: before its first tool runs, it asks for roots on the session's stream. */
export async function startPlaywright(): Promise<{ url: string; close(): Promise<void> }> {
  const port = await freePort();
  const url = `http://localhost:${port}/mcp`;
  const args = [CLI, "--port", String(port), "--headless", "--isolated"];
  const server = new ServerProcess({ name: "playwright", args, url });
  try {
    await server.ready();
  } catch (error) {
    await server.close();
    throw error;
  }
  return { url, close: () => server.close() };
}
