import type { SessionRecord } from "../../runtime/sessions/session-record.ts";

/** When records of tests begin. */
export const START_MS = 1_800_000_000_000;

const MINUTE_MS = 60_000;

/** A record that expires in 30 min. */
export function sessionRecord(key: string, changes: Partial<SessionRecord> = {}): SessionRecord {
  return {
    key,
    owner: "anonymous",
    protocol: "2025-11-25",
    clientInfo: '{"name":"client","version":"1"}',
    capabilities: '{"roots":{}}',
    view: "view",
    createdAtMs: START_MS,
    expiresAtMs: START_MS + 30 * MINUTE_MS,
    subscriptions: [],
    upstreams: {},
    ...changes,
  };
}
