import type { IncomingHttpHeaders } from "node:http";
import { type Dispatcher, request } from "undici";

import { readEvents } from "../../runtime/wire/sse.ts";
import { type Headers, requestHeaders } from "./request-headers.ts";

export interface RawAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

export interface RawRequest {
  readonly method?: "POST" | "GET" | "DELETE" | "PUT" | "OPTIONS";
  /** In the place of the MCP endpoint's own. */
  readonly path?: string;
  readonly headers?: Headers;
  readonly body?: string | Buffer;
}

/** The messages of one SSE answer as they arrive, and the end of it. */
export class RawStream {
  readonly contentType: string | undefined;
  readonly #events: AsyncGenerator<{ readonly data: string }>;
  readonly #stop: AbortController;

  constructor(contentType: string | undefined, body: AsyncIterable<Buffer>, stop: AbortController) {
    this.contentType = contentType;
    this.#events = readEvents(body);
    this.#stop = stop;
  }

  /** The next message's text; undefined once the stream has ended. */
  async next(): Promise<string | undefined> {
    const { value } = await this.#events.next();
    return value?.data;
  }

  leave(): void {
    this.#stop.abort();
  }
}

/** A client of one session that sends exactly what it is told to, over real HTTP; what comes back stays the text that it is. */
export class RawClient {
  readonly #url: URL;
  readonly #dispatcher: Dispatcher | undefined;
  #calls = 0;
  sessionId: string | undefined;

  /** `dispatcher`: whose connections it takes. Default: undici's own, which all such clients share. */
  constructor(url: string, dispatcher?: Dispatcher) {
    this.#url = new URL(url);
    this.#dispatcher = dispatcher;
  }

  /** A client whose session is open. */
  static async open(
    url: string,
    protocolVersion = "2025-11-25",
    capabilities: object = {},
  ): Promise<RawClient> {
    const client = new RawClient(url);
    const answer = await client.initialize({ protocolVersion, capabilities });
    if (answer.status !== 200) throw new Error(`initialize got ${answer.status}: ${answer.text}`);
    return client;
  }

  /** The same session at another URL, as a balancer would send its next request there. */
  at(url: string): RawClient {
    const twin = new RawClient(url, this.#dispatcher);
    twin.sessionId = this.sessionId;
    return twin;
  }

  /** Sends initialize; what it answers becomes this client's session. */
  async initialize(params: object): Promise<RawAnswer> {
    const clientInfo = { name: "raw", version: "1" };
    const whole = { capabilities: {}, clientInfo, ...params };
    const answer = await this.post(
      JSON.stringify({ jsonrpc: "2.0", id: 0, method: "initialize", params: whole }),
    );
    const id = answer.headers["mcp-session-id"];
    if (typeof id === "string") this.sessionId = id;
    return answer;
  }

  /** Calls a tool; the answer's text is the whole response. */
  call(name: string, args: Readonly<Record<string, unknown>>): Promise<RawAnswer> {
    this.#calls += 1;
    const params = { name, arguments: args };
    return this.post(
      JSON.stringify({ jsonrpc: "2.0", id: this.#calls, method: "tools/call", params }),
    );
  }

  /** Ends the session. */
  end(): Promise<RawAnswer> {
    return this.send({ method: "DELETE" });
  }

  post(body: string | Buffer, headers: Headers = {}): Promise<RawAnswer> {
    return this.send({ body, headers });
  }

  async send(wanted: RawRequest): Promise<RawAnswer> {
    const { statusCode, headers, body } = await this.#request(wanted);
    return { status: statusCode, headers, text: await body.text() };
  }

  /** The answer as a stream: a GET, or the POST of `body`. */
  async stream(body?: string, headers: Headers = {}): Promise<RawStream> {
    const stop = new AbortController();
    const wanted: RawRequest = body === undefined ? { method: "GET", headers } : { body, headers };
    const answer = await this.#request(wanted, stop.signal);
    return new RawStream(String(answer.headers["content-type"]), answer.body, stop);
  }

  #request({ method = "POST", path, headers = {}, body }: RawRequest, signal?: AbortSignal) {
    return request(path === undefined ? this.#url : new URL(path, this.#url), {
      method,
      headers: requestHeaders(method, this.sessionId, headers),
      body: body ?? null,
      ...(this.#dispatcher !== undefined && { dispatcher: this.#dispatcher }),
      ...(signal !== undefined && { signal }),
    });
  }
}

/** The data of an SSE answer's last event, byte for byte; of any other answer its text. */
export function lastMessage({ headers, text }: RawAnswer): string {
  if (headers["content-type"] !== "text/event-stream") return text;
  const events = text.split("\n\n").filter((event) => event.includes("data: {"));
  const lines = (events.at(-1) ?? "").split("\n").filter((line) => line.startsWith("data: "));
  return lines.map((line) => line.slice("data: ".length)).join("\n");
}
