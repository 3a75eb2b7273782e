import { clock } from "../../platform/clock.ts";
import type { ListName } from "../../wire/methods.ts";

/** `failing`: it does not answer, and its last lists still stand. `down`: it offers nothing. */
export type BackendState = "connecting" | "up" | "failing" | "down";

/** How a backend is, since when, and why. */
export class BackendHealth {
  state: BackendState = "connecting";
  sinceMs = clock.now();
  error: string | undefined;
  /** It answered us with 401 or 403. */
  isUnauthenticated = false;
  /** The version of MCP that it spoke last. */
  protocol: string | undefined;

  /** Lists that it did not answer in time. */
  readonly slowLists = new Set<ListName>();

  /** It is known to fail, or to hang: nobody has to wait for it. */
  get isFailing(): boolean {
    if (this.slowLists.size > 0) return true;
    return (this.state === "failing" || this.state === "down") && !this.isUnauthenticated;
  }

  /** Returns whether it was in another state before. */
  become(state: BackendState, error?: string, protocol = this.protocol): boolean {
    const isOther = this.state !== state;
    if (isOther) this.sinceMs = clock.now();
    this.state = state;
    this.error = error;
    this.protocol = protocol;
    return isOther;
  }
}
