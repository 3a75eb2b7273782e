import type { Settings } from "@mcp-fleet/contract/settings";
import type { Logger } from "pino";
import { AnonymousAuthenticator } from "./anonymous-authenticator.ts";
import type { Authenticator } from "./authenticator.ts";

/** The authenticator that the settings ask for, before the endpoint at `path`. What tokens need is loaded only for them. */
export async function openAuthenticator(
  { name, jwt, oidc, local }: Settings,
  path: string,
  ownerKey: Buffer | undefined,
  log: Logger,
): Promise<Authenticator> {
  if (oidc !== undefined) {
    const { openOidcAuthenticator } = await import("./oidc-authenticator.ts");
    return openOidcAuthenticator({ oidc, name, path, ownerKey, log });
  }
  if (jwt !== undefined) {
    const { openJwtAuthenticator } = await import("./jwt-authenticator.ts");
    return openJwtAuthenticator({ jwt, name, path, ownerKey, log });
  }
  if (local) {
    const { LocalAuthenticator } = await import("./local-authenticator.ts");
    return new LocalAuthenticator(ownerKey);
  }
  return new AnonymousAuthenticator();
}
