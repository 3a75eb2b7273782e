import type { Authenticator } from "./authenticator.ts";
import { ANONYMOUS } from "./owner.ts";

/** Everybody who reaches the port may call, and whoever holds a session's id has the session. */
export class AnonymousAuthenticator implements Authenticator {
  readonly resource = undefined;

  authenticate(): string {
    return ANONYMOUS;
  }

  close(): void {}
}
