import type { LiveSession } from "../sessions/live-session.ts";

/** The open streams of clients, where what servers say unasked goes. */
export interface ClientListeners {
  isOpen(key: string): boolean;
  /** The session of the streams that are open under this key. */
  session(key: string): LiveSession | undefined;
  /** Those with an open stream. */
  sessions(): Iterable<LiveSession>;
  /** Whether there was a stream that took the message. */
  send(key: string, text: string): boolean;
}
