import type { Settings } from "@mcp-fleet/contract/settings";
import type { Logger } from "pino";
import { AnonymousAuthenticator } from "./anonymous-authenticator.ts";
import type { Authenticator } from "./authenticator.ts";
import { Jwks } from "./jwks.ts";
import { JwtAuthenticator } from "./jwt-authenticator.ts";
import { ProtectedResource } from "./protected-resource.ts";

/** The authenticator that the settings ask for, before the endpoint at `path`. */
export function openAuthenticator(
  { name, jwt }: Settings,
  path: string,
  ownerKey: Buffer | undefined,
  log: Logger,
): Authenticator {
  if (jwt === undefined) return new AnonymousAuthenticator();
  const resource = new ProtectedResource(jwt, name, path);
  return new JwtAuthenticator({ jwt, jwks: new Jwks(jwt.jwks, log), resource, ownerKey });
}
