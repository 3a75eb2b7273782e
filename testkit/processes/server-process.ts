import { setTimeout as delay } from "node:timers/promises";

import { LATEST_PROTOCOL_VERSION } from "@modelcontextprotocol/client";
import { NodeProcess } from "./node-process.ts";

/** A server that does not answer by then does not answer at all: a start takes one or two seconds. */
const START_SECONDS = 30;
const ASK_AGAIN_MS = 50;

const INITIALIZE = JSON.stringify({
  jsonrpc: "2.0",
  id: 0,
  method: "initialize",
  params: {
    protocolVersion: LATEST_PROTOCOL_VERSION,
    capabilities: {},
    clientInfo: { name: "mcp-fleet-demo", version: "0" },
  },
});

export interface ServerCommand {
  readonly name: string;
  /** What runs instead of Node. */
  readonly program?: string;
  /** What follows it on the command line. */
  readonly args: readonly string[];
  /** Added to this process's environment. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Where its MCP endpoint will be. */
  readonly url: string;
  /** How long its start may take. Default: 30. */
  readonly startSeconds?: number;
}

/** One MCP server as a process group of its own, so that what it starts itself ends with it. */
export class ServerProcess {
  readonly #command: ServerCommand;
  readonly #process: NodeProcess;

  constructor(command: ServerCommand) {
    const { program, args, environment } = command;
    this.#command = command;
    this.#process = new NodeProcess(args, {
      leadsGroup: true,
      ...(program !== undefined && { program }),
      ...(environment && { environment }),
    });
  }

  /**
   * Resolves once a real initialize succeeds.
   *
   * @throws the server ended, or did not answer in time, with its output; the reason of `signal`.
   */
  async ready(signal?: AbortSignal): Promise<void> {
    const { startSeconds = START_SECONDS } = this.#command;
    const timeout = AbortSignal.timeout(startSeconds * 1000);
    const deadline = signal ? AbortSignal.any([timeout, signal]) : timeout;
    while (!(await this.#answers(deadline))) {
      signal?.throwIfAborted();
      if (!this.#process.isRunning) throw this.#failure("it has ended");
      if (deadline.aborted) throw this.#failure(`no answer to initialize in ${startSeconds} s`);
      await delay(ASK_AGAIN_MS);
    }
  }

  /** Ends the whole group. Outright: a demo's server holds nothing that is worth a goodbye. */
  close(): Promise<void> {
    return this.#process.end();
  }

  /** Opens a session and ends it again. */
  async #answers(signal: AbortSignal): Promise<boolean> {
    const { url } = this.#command;
    const accept = "application/json, text/event-stream";
    const headers = { "content-type": "application/json", accept };
    try {
      const answer = await fetch(url, { method: "POST", headers, body: INITIALIZE, signal });
      await answer.text();
      const session = answer.headers.get("mcp-session-id");
      if (!answer.ok || session === null) return answer.ok;
      const end = { "mcp-session-id": session, "mcp-protocol-version": LATEST_PROTOCOL_VERSION };
      const gone = await fetch(url, { method: "DELETE", headers: end, signal });
      await gone.text();
      return true;
    } catch {
      return false;
    }
  }

  #failure(reason: string): Error {
    const { output } = this.#process;
    return new Error(`the MCP server ${this.#command.name} did not start: ${reason}${output}`);
  }
}
