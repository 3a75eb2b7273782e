import type { TokenRequestSettings } from "@mcp-fleet/contract/settings";
import { isUnauthorized, type Proof } from "./credential.ts";
import {
  ACCESS_TOKEN,
  assertionGrant,
  exchangeGrant,
  ID_JAG,
  ownGrant,
  type TokenAuth,
} from "./grant.ts";
import type { Secrets } from "./secrets.ts";
import { type Granted, TokenEndpoint } from "./token-endpoint.ts";
import type { TokenSource } from "./token-source.ts";

export interface BearerTokensParts {
  readonly secrets: Secrets;
  readonly timeoutMs: number;
}

type BearerAuth = Exclude<TokenAuth, { readonly type: "aws_sts" }>;

/** Bearer tokens of authorization servers. */
export class BearerTokens implements TokenSource {
  readonly isRefusal = isUnauthorized;
  readonly #auth: BearerAuth;
  readonly #endpoint: TokenEndpoint;
  /** Where an assertion is got first. */
  readonly #idp: TokenEndpoint | undefined;

  /** @throws {ConfigError} where a secret cannot be read. */
  constructor(auth: BearerAuth, parts: BearerTokensParts) {
    const at = (server: TokenRequestSettings) => new TokenEndpoint({ server, ...parts });
    this.#auth = auth;
    this.#endpoint = at(auth.type === "xaa" ? auth.target : auth);
    this.#idp = auth.type === "xaa" ? at(auth.idp) : undefined;
  }

  async request(subject = ""): Promise<Granted> {
    const auth = this.#auth;
    if (auth.type === "client_credentials") return await this.#endpoint.request(ownGrant(auth));
    const exchanged = { token: subject, type: auth.subjectTokenType };
    if (auth.type === "token_exchange") {
      return await this.#endpoint.request(exchangeGrant(auth, exchanged, ACCESS_TOKEN));
    }
    const assertion = await this.#idp?.request(exchangeGrant(auth.idp, exchanged, ID_JAG));
    // Anything else could be a token that the other server must not see.
    if (assertion?.type !== ID_JAG) {
      throw new Error(`the token endpoint of ${auth.idp.tokenUrl} gave no ID-JAG`);
    }
    return await this.#endpoint.request(assertionGrant(auth.target, assertion.text));
  }

  proofOf(token: string): Proof {
    return { headers: { authorization: `Bearer ${token}` } };
  }

  async close(): Promise<void> {
    await Promise.all([this.#endpoint.close(), this.#idp?.close()]);
  }
}
