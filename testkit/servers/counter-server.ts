import { hostname } from "node:os";
import { setTimeout as delay } from "node:timers/promises";

import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import * as z from "zod";

import { freePort } from "../processes/free-ports.ts";
import { NodeProcess } from "../processes/node-process.ts";
import { startSdkBackend } from "./sdk-backend.ts";

/** Calls that have begun, in all sessions. */
let running = 0;

/** A stateful server of the official SDK: each session counts by itself. */
function buildCounter(): McpServer {
  const server = new McpServer({ name: "counter", version: "1.0.0" });
  let count = 0;
  server.registerTool("count", {}, async () => {
    count += 1;
    return { content: [{ type: "text", text: String(count) }] };
  });
  // A call that takes its time, is numbered by its client, and says which pod has counted it.
  const inputSchema = { call: z.number(), milliseconds: z.number() };
  server.registerTool("work", { inputSchema }, async ({ call, milliseconds }) => {
    count += 1;
    const text = JSON.stringify({ call, count, pod: hostname() });
    running += 1;
    await delay(milliseconds);
    running -= 1;
    return { content: [{ type: "text", text }] };
  });
  return server;
}

/** The counter as a process of its own, which keeps its port when it comes back. */
export class CounterProcess {
  #process: NodeProcess | undefined;
  #url = "";

  static async start(): Promise<CounterProcess> {
    const counter = new CounterProcess();
    await counter.#run(await freePort());
    return counter;
  }

  get url(): string {
    return this.#url;
  }

  /** kill -9: its memory is gone. */
  async kill(): Promise<void> {
    await this.#process?.end();
  }

  /** Another process at the same port. */
  async restart(): Promise<void> {
    await this.kill();
    await this.#run(Number(new URL(this.#url).port));
  }

  /** It takes connections, and answers nothing. */
  freeze(): void {
    this.#process?.signal("SIGSTOP");
  }

  thaw(): void {
    this.#process?.signal("SIGCONT");
  }

  async #run(port: number): Promise<void> {
    this.#process = new NodeProcess([import.meta.filename, String(port)]);
    this.#url = await this.#process.nextLine(/^http/);
  }
}

// PORT [HOST]
if (import.meta.main) {
  const [port, host] = process.argv.slice(2);
  const { url, close } = await startSdkBackend(buildCounter, Number(port), host);
  process.stdout.write(`${url}\n`);
  // The first process of a container has to end by itself when it is told to; what has begun is finished first.
  process.once("SIGTERM", async () => {
    while (running > 0) await delay(10);
    await close();
  });
}
