import type { Pool } from "undici";
import { sockets } from "../platform/sockets.ts";
import { VERSION } from "../platform/version.ts";

/** Tokens have a few kilobytes. */
const MAX_ANSWER_BYTES = 64 * 1024;

/** Requests to one token endpoint at a time; further ones wait for their turn, within their timeout. */
const CONNECTIONS = 16;

/** A request as OAuth libraries make it. */
export interface ProviderRequest {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: URLSearchParams;
  readonly signal?: AbortSignal | undefined;
}

/** The connections to an authorization server. Redirects are not followed: secrets go nowhere else. */
export class ProviderConnection {
  readonly origin: string;
  readonly #path: string;
  readonly #pool: Pool;

  constructor(url: string) {
    const { origin, pathname, search } = new URL(url);
    this.origin = origin;
    this.#path = pathname + search;
    this.#pool = sockets.pool(origin, {
      connections: CONNECTIONS,
      maxResponseSize: MAX_ANSWER_BYTES,
    });
  }

  /** @throws what keeps the server from answering, also an answer that is too long. */
  async fetch({ method, headers, body, signal }: ProviderRequest): Promise<Response> {
    const response = await this.#pool.request({
      path: this.#path,
      method: method === "POST" ? "POST" : "GET",
      headers: { ...headers, "user-agent": `mcp-fleet/${VERSION}` },
      body: body.toString(),
      ...(signal && { signal }),
    });
    const text = await response.body.text();
    const type = response.headers["content-type"];
    return new Response(text === "" ? null : text, {
      status: response.statusCode,
      headers: typeof type === "string" ? { "content-type": type } : {},
    });
  }

  async close(): Promise<void> {
    await this.#pool.destroy();
  }
}
