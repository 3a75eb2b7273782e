import { brief } from "@mcp-fleet/contract";
import type { AwsStsSettings } from "@mcp-fleet/contract/settings";
import { decodeJwt } from "jose";
import { clock } from "../../platform/clock.ts";
import type { Answer } from "../../upstream/transports/transport.ts";
import { isUnauthorized, type Proof } from "../credential.ts";
import { ProviderConnection } from "../provider-connection.ts";
import type { Secret, Secrets } from "../secrets.ts";
import { type Granted, TokenRefusal } from "../token-endpoint.ts";
import type { TokenSource } from "../token-source.ts";
import { AwsRoles, type Claims } from "./aws-roles.ts";
import { type AwsKeys, awsSigner } from "./aws-signer.ts";

export interface AwsCredentialsParts {
  readonly backend: string;
  readonly secrets: Secrets;
  readonly timeoutMs: number;
}

/** The session of the gateway's own token, whose subject is no name of one. */
const OWN_SESSION = "mcp-fleet";

const SESSION_NAME = /^[\w+=,.@-]{2,64}$/;

/** AWS says with 403 that credentials are not good any more. */
const BAD_KEYS =
  /ExpiredToken|InvalidClientTokenId|InvalidSignature|UnrecognizedClient|security token included in the request is/i;

/** The client's own token is not good any more. */
const BAD_SUBJECT = /^(?:ExpiredToken|ExpiredTokenException)$/;

/** Credentials of AWS for the tokens of clients, or for one of the gateway: AssumeRoleWithWebIdentity. */
export class AwsCredentials implements TokenSource {
  readonly #settings: AwsStsSettings;
  readonly #roles: AwsRoles;
  readonly #own: Secret | undefined;
  readonly #connection: ProviderConnection;
  readonly #timeoutMs: number;

  /** @throws {ConfigError} where the token cannot be read, or an expression cannot be used. */
  constructor(settings: AwsStsSettings, { backend, secrets, timeoutMs }: AwsCredentialsParts) {
    const { webIdentityToken, stsUrl } = settings;
    this.#settings = settings;
    this.#roles = new AwsRoles(settings, backend);
    this.#own = webIdentityToken && secrets.open(webIdentityToken);
    this.#connection = new ProviderConnection(stsUrl);
    this.#timeoutMs = timeoutMs;
  }

  async request(subject: string | undefined): Promise<Granted> {
    const { sessionSeconds } = this.#settings;
    const token = this.#own?.text ?? subject ?? "";
    const claims = claimsOf(token);
    const role = this.#roles.roleFor(claims);
    if (role === undefined) throw new Error("no role of AWS is for this client");
    const body = new URLSearchParams({
      Action: "AssumeRoleWithWebIdentity",
      Version: "2011-06-15",
      RoleArn: role,
      RoleSessionName: this.#sessionName(claims),
      WebIdentityToken: token,
      DurationSeconds: String(sessionSeconds),
    });
    const response = await this.#connection.fetch({
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body,
      signal: clock.timeout(this.#timeoutMs),
    });
    const text = await response.text();
    if (response.status === 200) return this.#granted(text);
    const code = field(text, "Code") ?? `HTTP ${response.status}`;
    // What else it says may repeat the token.
    const reason = BAD_SUBJECT.test(code) ? "invalid_grant" : brief(code);
    throw new TokenRefusal(this.#connection.origin, reason, brief(code));
  }

  proofOf(token: string): Proof {
    const keys: AwsKeys = JSON.parse(token);
    const { region, service } = this.#settings;
    const headers = { "x-amz-security-token": keys.sessionToken };
    return { headers, sign: awsSigner(keys, region, service) };
  }

  isRefusal(answer: Answer): boolean {
    if (isUnauthorized(answer)) return true;
    return answer.kind === "refused" && answer.statusCode === 403 && BAD_KEYS.test(answer.text);
  }

  close(): Promise<void> {
    return this.#connection.close();
  }

  #sessionName(claims: Claims): string {
    if (this.#own !== undefined) return OWN_SESSION;
    const { sessionNameClaim } = this.#settings;
    const name = claims[sessionNameClaim];
    if (typeof name === "string" && SESSION_NAME.test(name)) return name;
    throw new Error(
      `the claim ${sessionNameClaim} of the client is not the name of a session in AWS: set sessionNameClaim to one that is, such as email`,
    );
  }

  #granted(text: string): Granted {
    const accessKeyId = field(text, "AccessKeyId");
    const secretAccessKey = field(text, "SecretAccessKey");
    const sessionToken = field(text, "SessionToken");
    const expiresAtMs = Date.parse(field(text, "Expiration") ?? "");
    if (!accessKeyId || !secretAccessKey || !sessionToken) {
      throw new Error(`${this.#connection.origin} gave no credentials`);
    }
    const { sessionSeconds } = this.#settings;
    const keys: AwsKeys = { accessKeyId, secretAccessKey, sessionToken };
    return {
      text: JSON.stringify(keys),
      lifetimeSeconds: Number.isNaN(expiresAtMs)
        ? sessionSeconds
        : (expiresAtMs - clock.now()) / 1000,
    };
  }
}

function claimsOf(token: string): Claims {
  try {
    return decodeJwt(token);
  } catch {
    throw new Error("the token is no JWT, which AWS needs");
  }
}

/** The text of an element that has nothing but text in it. */
function field(xml: string, name: string): string | undefined {
  return new RegExp(`<${name}>\\s*([^<&]*?)\\s*</${name}>`).exec(xml)?.[1];
}
