import { createPrivateKey } from "node:crypto";
import type { TokenRequestSettings } from "@mcp-fleet/contract/settings";
import { importPKCS8 } from "jose";
import * as oauth from "oauth4webapi";
import { ANY_SECRET, type SecretShape, type Secrets } from "./secrets.ts";

/** The algorithm that a kind of key signs with. */
const ALGORITHMS: Readonly<Record<string, string>> = {
  rsa: "RS256",
  ec: "ES256",
  ed25519: "Ed25519",
};

const PRIVATE_KEY: SecretShape = {
  fits: (text) => algorithmOf(text) !== undefined,
  rule: "must be a private key in PEM (PKCS #8): RSA, P-256 or Ed25519",
  fix: "create one with openssl genpkey",
};

/**
 * How this gateway authenticates as a client, with the secret as it is at each request.
 *
 * @throws {ConfigError} where the secret cannot be read.
 */
export function clientAuthOf(
  { client }: TokenRequestSettings,
  secrets: Secrets,
): () => Promise<oauth.ClientAuth> {
  if (client === undefined) return async () => () => {};
  const { method, secret: source } = client;
  if (source === undefined) return async () => oauth.None();
  const shape = method === "private_key_jwt" ? PRIVATE_KEY : ANY_SECRET;
  const secret = secrets.open(source, shape);
  switch (method) {
    case "client_secret_basic":
      return async () => oauth.ClientSecretBasic(secret.text);
    case "client_secret_post":
      return async () => oauth.ClientSecretPost(secret.text);
    case "private_key_jwt":
      return async () =>
        oauth.PrivateKeyJwt(await importPKCS8(secret.text, algorithmOf(secret.text) ?? "RS256"));
  }
}

function algorithmOf(pem: string): string | undefined {
  try {
    const { asymmetricKeyType = "", asymmetricKeyDetails } = createPrivateKey(pem);
    const isOther = asymmetricKeyType === "ec" && asymmetricKeyDetails?.namedCurve !== "prime256v1";
    return isOther ? undefined : ALGORITHMS[asymmetricKeyType];
  } catch {
    return undefined;
  }
}
