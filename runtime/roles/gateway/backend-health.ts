import { clock } from "../../platform/clock.ts";

/** `failing`: it does not answer, and its last lists still stand. `down`: it offers nothing. */
export type BackendState = "connecting" | "up" | "failing" | "down";

/** How a backend is, since when, and why. */
export class BackendHealth {
  state: BackendState = "connecting";
  sinceMs = clock.now();
  error: string | undefined;
  /** The version of MCP that it spoke last. */
  protocol: string | undefined;

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
