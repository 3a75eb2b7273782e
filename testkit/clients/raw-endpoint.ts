import { type Dispatcher, Pool } from "undici";

export interface RawAnswer {
  readonly status: number;
  readonly headers: Dispatcher.ResponseData["headers"];
  /** The body, byte for byte; of an SSE stream the data of its last event. */
  readonly text: string;
}

const INITIALIZE = JSON.stringify({
  jsonrpc: "2.0",
  id: "initialize",
  method: "initialize",
  params: {
    protocolVersion: "2025-11-25",
    capabilities: {},
    clientInfo: { name: "raw", version: "1.0.0" },
  },
});

const INITIALIZED = '{"jsonrpc":"2.0","method":"notifications/initialized"}';

/** MCP over bare HTTP: what is sent and what comes back stay the text that they are. */
export class RawEndpoint {
  readonly #pool: Pool;
  readonly #path: string;

  constructor(url: string, connections = 16) {
    const { origin, pathname } = new URL(url);
    this.#pool = new Pool(origin, { connections, headersTimeout: 0, bodyTimeout: 0 });
    this.#path = pathname;
  }

  /** A session that has said `initialize` and `initialized`. */
  async open(): Promise<RawSession> {
    const { status, headers, text } = await this.send("POST", undefined, INITIALIZE);
    const id = headers["mcp-session-id"];
    if (typeof id !== "string") throw new Error(`initialize got ${status}: ${text}`);
    const session = new RawSession(this, id);
    await session.post(INITIALIZED);
    return session;
  }

  async send(
    method: "POST" | "GET" | "DELETE",
    sessionId: string | undefined,
    body: string | null = null,
  ): Promise<RawAnswer> {
    const response = await this.#pool.request({
      path: this.#path,
      method,
      body,
      headers: {
        accept: "application/json, text/event-stream",
        "content-type": "application/json",
        ...(sessionId === undefined ? {} : { "mcp-session-id": sessionId }),
      },
    });
    const { statusCode: status, headers } = response;
    const text = await response.body.text();
    const isSse = headers["content-type"] === "text/event-stream";
    return { status, headers, text: isSse ? lastEvent(text) : text };
  }

  close(): Promise<void> {
    return this.#pool.destroy();
  }
}

/** One session at a raw endpoint. */
export class RawSession {
  readonly id: string;
  readonly #endpoint: RawEndpoint;
  #calls = 0;

  constructor(endpoint: RawEndpoint, id: string) {
    this.#endpoint = endpoint;
    this.id = id;
  }

  post(body: string): Promise<RawAnswer> {
    return this.#endpoint.send("POST", this.id, body);
  }

  /** Calls a tool; answers the whole response. */
  call(name: string, args: Readonly<Record<string, unknown>>): Promise<RawAnswer> {
    this.#calls += 1;
    const params = { name, arguments: args };
    const request = { jsonrpc: "2.0", id: this.#calls, method: "tools/call", params };
    return this.post(JSON.stringify(request));
  }

  end(): Promise<RawAnswer> {
    return this.#endpoint.send("DELETE", this.id);
  }
}

function lastEvent(stream: string): string {
  const events = stream.split("\n\n").filter((event) => event.includes("data: {"));
  const lines = (events.at(-1) ?? "").split("\n").filter((line) => line.startsWith("data: "));
  return lines.map((line) => line.slice("data: ".length)).join("\n");
}
