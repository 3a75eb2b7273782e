import type { Events } from "../sessions/events.ts";
import type { LiveSession } from "../sessions/live-session.ts";
import { isLogged } from "../wire/log-levels.ts";
import type { ClientListeners } from "./client-listeners.ts";

/**
 * Tells a client on its open stream that a backend has begun a new session for it, beside the mark in the answer that
 * it gets.
 */
export function sendRenewalNotices(events: Events, streams: ClientListeners): void {
  events.on("upstreamRenewed", (session, backend) => {
    const notice = noticeOf(session, backend);
    if (notice !== undefined) streams.send(session.key, notice);
  });
}

/** Undefined where the session's log level leaves warnings out. */
function noticeOf({ record }: LiveSession, backend: string): string | undefined {
  const level = "warning";
  if (!isLogged(level, record.logLevel)) return undefined;
  const data = { backend, event: "session-renewed" };
  const params = { level, logger: "mcp-fleet", data };
  return JSON.stringify({ jsonrpc: "2.0", method: "notifications/message", params });
}
