import type { SignRequest } from "../upstream/endpoints/endpoint.ts";
import type { Answer, TransportRequest } from "../upstream/transports/transport.ts";

/** What authenticates a request. */
export interface Proof {
  /** Their names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Absent: the headers are enough. */
  readonly sign?: SignRequest;
}

/** How requests to one backend are authenticated. */
export interface Credential {
  /**
   * What authenticates a request; at once where it is at hand.
   *
   * @throws {FleetError} BACKEND_AUTH_UNAVAILABLE, BACKEND_LOGIN_REQUIRED, or the signal's reason.
   */
  proofFor(request: TransportRequest): Proof | Promise<Proof>;

  /** Whether an answer says that the proof was not accepted: the request did not run. */
  isRefusal(answer: Answer): boolean;

  /**
   * The backend refused this proof: returns another one, if there is one.
   *
   * @throws as above.
   */
  renewed(
    request: TransportRequest,
    refused: Proof,
  ): Proof | undefined | Promise<Proof | undefined>;

  close(): Promise<void>;
}

/** Whether a server wants other credentials, as HTTP says it. */
export function isUnauthorized(answer: Answer): boolean {
  const { kind } = answer;
  return (kind === "refused" || kind === "unsupported") && answer.statusCode === 401;
}
