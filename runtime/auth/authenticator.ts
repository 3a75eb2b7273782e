import type { IncomingHttpHeaders } from "node:http";

import type { Principal } from "../sessions/principal.ts";
import type { BackchannelLogout } from "./backchannel-logout.ts";
import type { ProtectedResource } from "./protected-resource.ts";

/** What a request says of who sent it. */
export interface Presented {
  readonly headers: IncomingHttpHeaders;
  readonly method?: string | undefined;
}

/** Says who sent a request. */
export interface Authenticator {
  /**
   * Who sent a request; at once where the credential is known already.
   *
   * @throws UNAUTHENTICATED, INSUFFICIENT_SCOPE, JWKS_UNAVAILABLE, ISSUER_UNAVAILABLE, RATE_LIMITED.
   */
  authenticate(request: Presented): Principal | Promise<Principal>;

  /** What clients are told of where to get a token; undefined where they need none. */
  readonly resource: ProtectedResource | undefined;

  /** Whom issuers may log out; undefined where they may not. */
  readonly logout?: BackchannelLogout | undefined;

  close(): void;
}
