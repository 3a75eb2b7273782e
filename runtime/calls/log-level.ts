import type { LiveSession } from "../sessions/live-session.ts";
import type { SessionStore } from "../sessions/session-store.ts";
import { FleetError } from "../wire/fleet-error.ts";

/** Notes the log level that a client asked for, so that every process and every new backend session knows it. */
export async function keepLogLevel(
  sessions: SessionStore,
  session: LiveSession,
  level: string,
): Promise<void> {
  const record = await sessions.setLogLevel(session.key, level);
  if (record === undefined) throw new FleetError("SESSION_NOT_FOUND");
  session.follow(record);
}
