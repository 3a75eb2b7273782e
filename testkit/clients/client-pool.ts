import { Pool } from "undici";

import { RawClient } from "./raw-client.ts";

const INITIALIZED = '{"jsonrpc":"2.0","method":"notifications/initialized"}';

/** Clients of one endpoint that share its connections. */
export class ClientPool {
  readonly #url: string;
  readonly #pool: Pool;

  constructor(url: string, connections = 16) {
    this.#url = url;
    const { origin } = new URL(url);
    this.#pool = new Pool(origin, { connections, headersTimeout: 0, bodyTimeout: 0 });
  }

  /** A client of that session; without one, of none yet. */
  client(sessionId?: string): RawClient {
    const client = new RawClient(this.#url, this.#pool);
    client.sessionId = sessionId;
    return client;
  }

  /**
   * A client whose session has said `initialize`, with these params, and `initialized`.
   *
   * @throws what initialize is answered with, where that is no session.
   */
  async open(params: object = { protocolVersion: "2025-11-25" }): Promise<RawClient> {
    const client = this.client();
    const { status, text } = await client.initialize(params);
    if (client.sessionId === undefined) throw new Error(`initialize got ${status}: ${text}`);
    await client.post(INITIALIZED);
    return client;
  }

  close(): Promise<void> {
    return this.#pool.destroy();
  }
}
