import { once } from "node:events";
import { createServer, type Server, type ServerResponse } from "node:http";

/** One request at a token endpoint. */
export interface TokenRequest {
  readonly parameters: Readonly<Record<string, string>>;
  /** Its `Authorization`. */
  readonly authorization: string | undefined;
}

/** Answers a request in its own way. */
export type TokenScript = (response: ServerResponse, request: TokenRequest) => unknown;

/** The token endpoint of an authorization server, which gives tokens until a test scripts otherwise, and keeps what it is asked. */
export class TokenServer {
  readonly requests: TokenRequest[] = [];
  /** How long tokens are good; undefined: it does not say. */
  lifetimeSeconds: number | undefined = 3600;
  script: TokenScript | undefined;
  readonly #server: Server;
  readonly #good = new Set<string>();
  #issued = 0;
  #url = "";

  private constructor() {
    this.#server = createServer(async (request, response) => {
      const body = Buffer.concat(await request.toArray()).toString("utf8");
      const parameters = Object.fromEntries(new URLSearchParams(body));
      const asked = { parameters, authorization: request.headers.authorization };
      this.requests.push(asked);
      if (this.script !== undefined) this.script(response, asked);
      else this.grant(response, asked);
    });
  }

  static async start(): Promise<TokenServer> {
    const server = new TokenServer();
    server.#server.listen(0, "127.0.0.1");
    await once(server.#server, "listening");
    const address = server.#server.address();
    if (address === null || typeof address === "string") throw new Error("no port to listen on");
    server.#url = `http://127.0.0.1:${address.port}/token`;
    return server;
  }

  get url(): string {
    return this.#url;
  }

  /** Gives a token that is good from now on: `token-1-for-SUBJECT`. */
  grant(response: ServerResponse, { parameters }: TokenRequest): void {
    this.#issued += 1;
    const token = `token-${this.#issued}-for-${parameters.subject_token ?? parameters.client_id ?? "us"}`;
    this.#good.add(token);
    json(response, 200, {
      access_token: token,
      token_type: "Bearer",
      issued_token_type: "urn:ietf:params:oauth:token-type:access_token",
      ...(this.lifetimeSeconds !== undefined && { expires_in: this.lifetimeSeconds }),
    });
  }

  refuse(response: ServerResponse, error: string, description?: string): void {
    json(response, 400, { error, error_description: description });
  }

  /** Whether a backend that asks here lets somebody in with this `Authorization`. */
  accepts(authorization: string | undefined): boolean {
    return this.#good.has(authorization?.replace(/^Bearer /, "") ?? "");
  }

  /** No token that it has given so far is good any more. */
  revokeAll(): void {
    this.#good.clear();
  }

  async close(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, "close");
  }
}

function json(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}
