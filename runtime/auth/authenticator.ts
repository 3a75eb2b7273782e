import type { IncomingHttpHeaders } from "node:http";

import type { Principal } from "../sessions/principal.ts";
import type { ProtectedResource } from "./protected-resource.ts";

/** Says who sent a request. */
export interface Authenticator {
  /**
   * Who sent a request; at once where the credential is known already.
   *
   * @throws UNAUTHENTICATED, JWKS_UNAVAILABLE.
   */
  authenticate(headers: IncomingHttpHeaders): Principal | Promise<Principal>;

  /** What clients are told of where to get a token; undefined where they need none. */
  readonly resource: ProtectedResource | undefined;

  close(): void;
}
