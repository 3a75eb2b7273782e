import type { IncomingHttpHeaders } from "node:http";

import type { ProtectedResource } from "./protected-resource.ts";

/** Says who sent a request. */
export interface Authenticator {
  /**
   * The owner that the sessions of this client are bound to; at once where the credential is known already.
   * Errors: UNAUTHENTICATED, JWKS_UNAVAILABLE.
   */
  authenticate(headers: IncomingHttpHeaders): string | Promise<string>;

  /** What clients are told of where to get a token; undefined where they need none. */
  readonly resource: ProtectedResource | undefined;

  close(): void;
}
