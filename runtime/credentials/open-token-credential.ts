import { BearerTokens } from "./bearer-tokens.ts";
import type { TokenAuth } from "./grant.ts";
import type { Secrets } from "./secrets.ts";
import { TokenCredential, type TokenCredentialParts } from "./token-credential.ts";
import type { TokenSource } from "./token-source.ts";

export interface TokenSourceParts {
  readonly auth: TokenAuth;
  readonly backend: string;
  readonly secrets: Secrets;
  readonly timeoutMs: number;
}

/**
 * The credential of a strategy that gets tokens.
 *
 * @throws {ConfigError} where a secret cannot be read, or an expression cannot be used.
 */
export async function openTokenCredential(
  parts: TokenSourceParts & Omit<TokenCredentialParts, "source">,
): Promise<TokenCredential> {
  return new TokenCredential({ ...parts, source: await openSource(parts) });
}

/** What only one strategy needs is loaded for it alone. */
async function openSource({ auth, ...parts }: TokenSourceParts): Promise<TokenSource> {
  if (auth.type !== "aws_sts") return new BearerTokens(auth, parts);
  const { AwsCredentials } = await import("./aws/aws-credentials.ts");
  return new AwsCredentials(auth, parts);
}
