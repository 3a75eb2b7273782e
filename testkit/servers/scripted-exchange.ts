import { once } from "node:events";
import type { IncomingHttpHeaders, ServerResponse } from "node:http";

/** One request as a scripted backend read it. */
export interface Received {
  /** A JSON-RPC method, `response`, or the HTTP method of a request without a message. */
  readonly kind: string;
  /** The `clientInfo.name` of whoever opened the session; the gateway's own sessions are `mcp-fleet`. */
  readonly client: string | undefined;
  readonly sessionId: string | undefined;
  readonly headers: IncomingHttpHeaders;
  /** The body, byte for byte. */
  readonly text: string;
  readonly message: Readonly<Record<string, unknown>>;
  readonly params: Readonly<Record<string, unknown>>;
}

/** One request at a scripted backend, and whatever a test wants to do to it. */
export class Exchange {
  readonly received: Received;
  readonly #response: ServerResponse;
  // One of each for all that wait at a time, however many they are.
  #closing: Promise<unknown> | undefined;
  #draining: Promise<unknown> | undefined;

  constructor(received: Received, response: ServerResponse) {
    this.received = received;
    this.#response = response;
  }

  /** The connection is gone before the answer was complete. */
  get isCut(): boolean {
    return this.#response.destroyed && !this.#response.writableFinished;
  }

  /** Resolves when the answer is complete or the connection is gone. */
  async closed(): Promise<void> {
    if (this.#response.closed) return;
    this.#closing ??= once(this.#response, "close");
    await this.#closing;
  }

  result(result: object, headers: Record<string, string> = {}): void {
    this.#json(this.resultText(result), headers);
  }

  error(code: number, message: string): void {
    this.outcome(`"error":${JSON.stringify({ code, message })}`);
  }

  /** Answers with what goes behind the id, byte for byte: as JSON, or as a stream of one event. */
  outcome(outcome: string, asEvents = false): void {
    const text = this.#responseText(outcome);
    if (asEvents) this.body(200, `event: message\ndata: ${text}\n\n`, "text/event-stream");
    else this.#json(text);
  }

  resultText(result: object): string {
    return this.#responseText(`"result":${JSON.stringify(result)}`);
  }

  body(status: number, text: string, type: string, headers: Record<string, string> = {}): void {
    this.#response.writeHead(status, { "content-type": type, ...headers }).end(text);
  }

  status(status: number, headers: Record<string, string> = {}): void {
    this.#response.writeHead(status, headers).end();
  }

  /** The head of an answer that is written piece by piece. */
  begin(type = "text/event-stream", headers: Record<string, string> = {}): void {
    this.#response.writeHead(200, { "content-type": type, ...headers }).flushHeaders();
  }

  /** Writes, and waits while the reader does not read. */
  async write(bytes: string | Uint8Array): Promise<void> {
    if (this.#response.write(bytes) || this.#response.destroyed) return;
    this.#draining ??= Promise.race([once(this.#response, "drain"), this.closed()]).finally(() => {
      this.#draining = undefined;
    });
    await this.#draining;
  }

  async event(message: object, id?: string): Promise<void> {
    const head = id === undefined ? "" : `id: ${id}\n`;
    await this.write(`${head}data: ${JSON.stringify(message)}\n\n`);
  }

  async eventWithResult(result: object): Promise<void> {
    await this.write(`data: ${this.resultText(result)}\n\n`);
  }

  end(): void {
    this.#response.end();
  }

  /** Ends the connection in the midst of the answer, after bytes as they are. */
  breakOff(text = ""): void {
    this.#response.socket?.end(text);
  }

  /** Breaks the connection off as a crash does: what was written may never arrive. */
  reset(): void {
    this.#response.socket?.resetAndDestroy();
  }

  #responseText(outcome: string): string {
    return `{"jsonrpc":"2.0","id":${idText(this.received)},${outcome}}`;
  }

  #json(text: string, headers: Record<string, string> = {}): void {
    const length = { "content-length": String(Buffer.byteLength(text)) };
    this.body(200, text, "application/json", { ...length, ...headers });
  }
}

/** The id as it was sent: parsing loses digits, and other ways to write the same. */
function idText({ text, message }: Received): string {
  const sent = /"id"\s*:\s*("(?:[^"\\]|\\.)*"|[^\s,}]+)/.exec(text)?.[1];
  return sent !== undefined && JSON.parse(sent) === message.id ? sent : JSON.stringify(message.id);
}

/** What a tool of a scripted backend answers. */
export function textResult(text: string): object {
  return { content: [{ type: "text", text }] };
}
