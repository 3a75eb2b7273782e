import { sessionLabel } from "./session-id.ts";
import type { SessionRecord } from "./session-record.ts";

/** A call in flight: what a cancellation, the end of its session or a shutdown cuts. */
export interface PendingCall {
  /** The client does not wait any more: the call is neither sent again nor answered. */
  cancelled: boolean;
  cut(reason: unknown): void;
}

/** A session as the process that serves it holds it: the record, and what is going on right now. */
export class LiveSession {
  readonly id: string;
  readonly key: string;
  /** For logs. */
  readonly label: string;
  /** Replaced whenever the store says that it changed. */
  record: SessionRecord;
  /** When the store last heard that the session is in use. */
  touchedAtMs: number;
  ended = false;
  /** By the JSON text of the request's id. */
  readonly calls = new Map<string, PendingCall>();
  /** Digests of the lists as this client last got them, by list method. */
  readonly listed = new Map<string, string>();

  constructor(id: string, record: SessionRecord, nowMs: number) {
    this.id = id;
    this.key = record.key;
    this.label = sessionLabel(record.key);
    this.record = record;
    this.touchedAtMs = nowMs;
  }
}
