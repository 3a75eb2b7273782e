import type { Answer } from "../upstream/transports/transport.ts";
import type { Proof } from "./credential.ts";
import type { Granted } from "./token-endpoint.ts";

/** Where the tokens of one strategy come from, and what they make of requests. */
export interface TokenSource {
  /**
   * Asks for a token.
   *
   * @param subject the client's token, where that is exchanged.
   * @throws TokenRefusal, or what keeps the server from answering. Neither holds a token or secret.
   */
  request(subject: string | undefined): Promise<Granted>;

  proofOf(token: string): Proof;

  /** Whether a backend's answer says that it did not accept the token: the request did not run. */
  isRefusal(answer: Answer): boolean;

  close(): Promise<void>;
}
