/**
 * What one call came to, as its client sees it.
 *
 * - `answered`: with the right number, counted once more than the last one, on the session's pod
 * - `renewed`: the first answer of the new session of the server, which says that it is one
 * - `opened`, `ended`: no call, the session
 * - `told`: the server's session was lost, and the answer says so
 * - `refused`: an error that says that nothing ran
 * - `cut`: nobody knows whether it ran
 * - `lost`: a 404, or a count that began anew without a word
 * - `twice`: the server counted more calls than were sent
 * - `moved`: another pod answered, and nobody said why
 * - `wrong`: the answer to something else
 */
export type Verdict =
  | "answered"
  | "renewed"
  | "opened"
  | "ended"
  | "told"
  | "refused"
  | "cut"
  | "lost"
  | "twice"
  | "moved"
  | "wrong";

/** A line of the caller: one request of one session. */
export interface CallReport {
  /** When it was sent, by the clock of the caller, since 1970. */
  readonly atMs: number;
  readonly tookMs: number;
  /** The session's number, and whether it lasts for the whole run. */
  readonly session: number;
  readonly lasts: boolean;
  /** The call's number; none of two calls have the same one. */
  readonly call: number;
  readonly verdict: Verdict;
  /** How often it was sent again, after a refusal with Retry-After or where nobody took the connection. */
  readonly resent: number;
  /** The pod of the server that answered. */
  readonly pod?: string;
  /** What went wrong. */
  readonly detail?: string;
}
