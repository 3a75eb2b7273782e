import { ANONYMOUS, type Principal } from "../sessions/principal.ts";
import type { Authenticator } from "./authenticator.ts";

/** Everybody who reaches the port may call, and whoever holds a session's id has the session. */
export class AnonymousAuthenticator implements Authenticator {
  readonly resource = undefined;

  authenticate(): Principal {
    return ANONYMOUS;
  }

  close(): void {}
}
