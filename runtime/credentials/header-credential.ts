import { type BackendAuth, HEADER_VALUE, HEADER_VALUE_RULE } from "@mcp-fleet/contract/settings";
import { type Credential, isUnauthorized, type Proof } from "./credential.ts";
import type { Secret, SecretShape, Secrets } from "./secrets.ts";

const SHAPE: SecretShape = {
  fits: (text) => HEADER_VALUE.test(text),
  rule: HEADER_VALUE_RULE,
  fix: "remove line breaks and other control characters",
};

/** A header with a secret of the gateway, the same for everybody: an API key, a token, a service account's token. */
export class HeaderCredential implements Credential {
  readonly #name: string;
  readonly #prefix: string;
  readonly #secret: Secret;
  readonly isRefusal = isUnauthorized;
  #proof: Proof = { headers: {} };
  #text: string | undefined;

  /** @throws {ConfigError} where the secret cannot be read or is no value of a header. */
  constructor(
    { headerName, prefix, value }: Extract<BackendAuth, { readonly type: "header" }>,
    secrets: Secrets,
  ) {
    this.#name = headerName;
    this.#prefix = prefix;
    this.#secret = secrets.open(value, SHAPE);
  }

  proofFor(): Proof {
    const { text } = this.#secret;
    if (text !== this.#text) {
      this.#text = text;
      this.#proof = { headers: { [this.#name]: this.#prefix + text } };
    }
    return this.#proof;
  }

  /** Another one, where the file has changed and nobody has noticed yet. */
  renewed(_request: unknown, refused: Proof): Proof | undefined {
    this.#secret.refresh();
    const proof = this.proofFor();
    return proof === refused ? undefined : proof;
  }

  async close(): Promise<void> {}
}
