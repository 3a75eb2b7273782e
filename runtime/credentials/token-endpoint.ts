import { brief } from "@mcp-fleet/contract";
import type { TokenRequestSettings } from "@mcp-fleet/contract/settings";
import * as oauth from "oauth4webapi";
import { clock } from "../platform/clock.ts";
import { clientAuthOf } from "./client-auth.ts";
import type { Grant } from "./grant.ts";
import { ProviderConnection } from "./provider-connection.ts";
import type { Secrets } from "./secrets.ts";

/** What an authorization server gave. */
export interface Granted {
  readonly text: string;
  /** Absent where it does not say. */
  readonly lifetimeSeconds: number | undefined;
  /** As a URN; absent where it does not say. */
  readonly type?: string | undefined;
}

/** What is good for no backend, such as an assertion. */
const NOT_APPLICABLE = { n_a: () => {} };

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
  readonly server: TokenRequestSettings;
  readonly secrets: Secrets;
  readonly timeoutMs: number;
}

/** The token endpoint of an authorization server, as this gateway asks there for tokens. */
export class TokenEndpoint {
  readonly #timeoutMs: number;
  readonly #connection: ProviderConnection;
  readonly #server: oauth.AuthorizationServer;
  readonly #client: oauth.Client;
  readonly #clientAuth: () => Promise<oauth.ClientAuth>;

  /** @throws {ConfigError} where a secret cannot be read. */
  constructor({ server, secrets, timeoutMs }: TokenEndpointParts) {
    const { tokenUrl, issuer = tokenUrl, client } = server;
    this.#timeoutMs = timeoutMs;
    this.#connection = new ProviderConnection(tokenUrl);
    this.#server = { issuer, token_endpoint: tokenUrl };
    this.#client = { client_id: client?.id ?? "none" };
    this.#clientAuth = clientAuthOf(server, secrets);
  }

  close(): Promise<void> {
    return this.#connection.close();
  }

  /**
   * Asks for a token.
   *
   * @throws TokenRefusal, or what keeps the server from answering. Neither holds a token or secret.
   */
  async request({ type, parameters }: Grant): Promise<Granted> {
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
        { recognizedTokenTypes: NOT_APPLICABLE },
      );
      const { access_token: text, expires_in: lifetimeSeconds, issued_token_type: given } = granted;
      return { text, lifetimeSeconds, ...(typeof given === "string" && { type: given }) };
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
