import { userInfo } from "node:os";
import { ownerOf, type Principal } from "../sessions/principal.ts";
import type { Authenticator } from "./authenticator.ts";

/** What stands where the issuer of a token would. */
const ISSUER = "local";

/** Everybody who reaches the port is the user of the machine that the process runs as. */
export class LocalAuthenticator implements Authenticator {
  readonly resource = undefined;
  readonly #principal: Principal;

  constructor(ownerKey: Buffer | undefined) {
    const subject = userName();
    const claims = { iss: ISSUER, sub: subject };
    const owner = ownerOf(ISSUER, subject, ownerKey);
    this.#principal = { issuer: ISSUER, subject, claims, owner };
  }

  authenticate(): Principal {
    return this.#principal;
  }

  close(): void {}
}

/** In a container, a user may have a number and no name. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? "unknown"}`;
  }
}
