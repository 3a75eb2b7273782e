import { type BackendOptions, ScriptedBackend } from "./scripted-backend.ts";
import { type Exchange, textResult } from "./scripted-exchange.ts";

/**
 * A scripted backend with two tools: `echo` answers with the JSON text of its arguments, at once, and `slow` does when
 * `release` is called.
 */
export class EchoBackend extends ScriptedBackend {
  override tools: object[] = [echoTool("echo"), echoTool("slow")];
  override capabilities: object = { tools: { listChanged: true } };
  readonly #waiting: Exchange[] = [];

  static override async start(options: BackendOptions = {}): Promise<EchoBackend> {
    const backend = new EchoBackend(options);
    backend.on("tools/call", (exchange) => {
      if (exchange.received.params.name === "slow") backend.#waiting.push(exchange);
      else backend.echo(exchange);
    });
    await backend.listen();
    return backend;
  }

  /** The exact text of each call, in the order of arrival. */
  get calls(): readonly string[] {
    return this.of("tools/call").map(({ text }) => text);
  }

  /** Answers a call with its arguments, and one of an unknown session with 404. */
  echo(exchange: Exchange): void {
    const { params, sessionId = "" } = exchange.received;
    if (!this.sessions.has(sessionId)) exchange.status(404);
    else exchange.result(textResult(JSON.stringify(params.arguments ?? {})));
  }

  /** Answers every call of `slow` that waits. */
  release(): void {
    for (const exchange of this.#waiting.splice(0)) this.echo(exchange);
  }

  /** Offers one more tool, and says so once on each open stream. */
  async addTool(name: string): Promise<void> {
    this.tools = [...this.tools, echoTool(name)];
    await this.announce({ jsonrpc: "2.0", method: "notifications/tools/list_changed" });
  }

  /** For whoever runs it as a process of its own: its counts are answered as JSON at /counts, beside the MCP endpoint. */
  publish(): void {
    this.onHead = (request, response) => {
      if (request.url !== "/counts") return false;
      response.setHeader("content-type", "application/json").end(JSON.stringify(this.counts));
      return true;
    };
    process.stdout.write(`${this.url}\n`);
  }
}

function echoTool(name: string): object {
  return { name, inputSchema: { type: "object", properties: { text: { type: "string" } } } };
}

if (import.meta.main) (await EchoBackend.start({ keepRequests: false })).publish();
