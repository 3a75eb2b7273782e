import type { LiveSession } from "../sessions/live-session.ts";
import type { SessionRecord } from "../sessions/session-record.ts";
import type { Message } from "../wire/message.ts";
import type { Reply } from "../wire/reply.ts";

/** What a role does with what reaches the edge: it answers "which backend, under which name?". */
export interface Role {
  /** Under which key the lists for a client with these capabilities (JSON text) are kept; may start to fetch them. */
  viewOf(capabilities: string): string;

  /** The result of initialize, as JSON text. Where this fails, the session ends. */
  open(session: LiveSession): Promise<string>;

  /** Answers a request through `reply`; throws what went wrong before or during that. */
  request(session: LiveSession, message: Message, reply: Reply): Promise<void>;

  notification(session: LiveSession, message: Message): Promise<void>;

  /** The client's answer to what a backend asked. */
  response(session: LiveSession, message: Message): Promise<void>;

  /** The session's first stream opened: from now on what backends say unasked has somewhere to go. */
  streamOpened(session: LiveSession): void;

  /** The session's last stream closed. */
  streamClosed(session: LiveSession): void;

  /** Another process did something in a session, or this one. */
  changed(record: SessionRecord): void;

  /**
   * A backend said in a session that its lists changed. Answers the message to pass on, or undefined where the role
   * tells clients in its own words.
   */
  listsChanged(session: LiveSession, backend: string, text: string): string | undefined;

  /** Another process heard, or this one, that a backend's lists changed for all sessions of a view. */
  listsToldOf(view: string, backend: string): void;

  /** Cleans up at the backends behind a session that ended. Never fails. */
  ended(record: SessionRecord): Promise<void>;

  /** Whether the first look at the backends is over. */
  readonly ready: boolean;

  /** The role's part of /status. */
  status(): Promise<Record<string, unknown>>;

  /** Sets the gauges that nobody counts along the way, before a scrape. */
  measure(): void;

  close(): Promise<void>;
}
