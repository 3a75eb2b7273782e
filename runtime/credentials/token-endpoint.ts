import { brief } from "@mcp-fleet/contract";
import * as oauth from "oauth4webapi";
import { clock } from "../platform/clock.ts";
import { clientAuthOf } from "./client-auth.ts";
import { grantOf, type TokenAuth } from "./grant.ts";
import { ProviderConnection } from "./provider-connection.ts";
import type { Secrets } from "./secrets.ts";

/** What an authorization server gave. */
export interface Granted {
  readonly text: string;
  /** Absent where it does not say. */
  readonly lifetimeSeconds: number | undefined;
}

/** An authorization server said no. */
export class TokenRefusal extends Error {
  override readonly name = "TokenRefusal";
  /** An error code of OAuth, such as `invalid_grant`. */
  readonly reason: string;

  constructor(at: string, reason: string, description: string | undefined) {
    const said = description === undefined ? "" : `: ${brief(withoutTokens(description))}`;
    super(`the token endpoint of ${at} answered ${brief(reason)}${said}`);
    this.reason = reason;
  }
}

export interface TokenEndpointParts {
  readonly auth: TokenAuth;
  readonly secrets: Secrets;
  readonly timeoutMs: number;
}

/** The token endpoint of an authorization server, as this gateway asks there for tokens of one strategy. */
export class TokenEndpoint {
  readonly #auth: TokenAuth;
  readonly #timeoutMs: number;
  readonly #connection: ProviderConnection;
  readonly #server: oauth.AuthorizationServer;
  readonly #client: oauth.Client;
  readonly #clientAuth: () => Promise<oauth.ClientAuth>;

  /** @throws {ConfigError} where a secret cannot be read. */
  static async open(parts: TokenEndpointParts): Promise<TokenEndpoint> {
    return new TokenEndpoint(parts, clientAuthOf(parts.auth, parts.secrets));
  }

  private constructor(
    { auth, timeoutMs }: TokenEndpointParts,
    clientAuth: () => Promise<oauth.ClientAuth>,
  ) {
    const { tokenUrl, issuer = tokenUrl, client } = auth;
    this.#auth = auth;
    this.#timeoutMs = timeoutMs;
    this.#connection = new ProviderConnection(tokenUrl);
    this.#server = { issuer, token_endpoint: tokenUrl };
    this.#client = { client_id: client?.id ?? "none" };
    this.#clientAuth = clientAuth;
  }

  close(): Promise<void> {
    return this.#connection.close();
  }

  /**
   * Asks for a token.
   *
   * @param subject the client's token, where that is exchanged.
   * @throws TokenRefusal, or what keeps the server from answering. Neither holds a token or secret.
   */
  async request(subject: string | undefined): Promise<Granted> {
    const { type, parameters } = grantOf(this.#auth, subject);
    const { origin } = this.#connection;
    try {
      const response = await oauth.genericTokenEndpointRequest(
        this.#server,
        this.#client,
        await this.#clientAuth(),
        type,
        parameters,
        {
          [oauth.customFetch]: (_url, options) => this.#connection.fetch(options),
          // The settings have decided that already.
          [oauth.allowInsecureRequests]: true,
          signal: clock.timeout(this.#timeoutMs),
        },
      );
      const granted = await oauth.processGenericTokenEndpointResponse(
        this.#server,
        this.#client,
        response,
      );
      return { text: granted.access_token, lifetimeSeconds: granted.expires_in };
    } catch (error) {
      if (error instanceof oauth.ResponseBodyError) {
        throw new TokenRefusal(origin, error.error, error.error_description);
      }
      // What the library has kept of the answer may be a token.
      throw new Error(`the token endpoint of ${origin} gave none: ${reasonOf(error)}`);
    }
  }
}

function reasonOf(error: unknown): string {
  return withoutTokens(brief(error instanceof Error ? error.message : String(error)));
}

/** Some servers repeat what they were sent. */
function withoutTokens(text: string): string {
  return text.replaceAll(/[\w-]{16,}(?:\.[\w-]*)*/g, "(hidden)");
}
