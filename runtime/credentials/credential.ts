import type { TransportRequest } from "../upstream/transports/transport.ts";

/** Headers of a request, with their names in lower case. */
export type CredentialHeaders = Readonly<Record<string, string>>;

/** How requests to one backend are authenticated. */
export interface Credential {
  /**
   * What authenticates a request; at once where it is at hand.
   *
   * @throws {FleetError} BACKEND_AUTH_UNAVAILABLE, BACKEND_LOGIN_REQUIRED, or the signal's reason.
   */
  headersFor(request: TransportRequest): CredentialHeaders | Promise<CredentialHeaders>;

  /**
   * The backend refused the request with these headers: returns others, if there are any.
   *
   * @throws as above.
   */
  renewed(
    request: TransportRequest,
    refused: CredentialHeaders,
  ): CredentialHeaders | undefined | Promise<CredentialHeaders | undefined>;

  close(): Promise<void>;
}
