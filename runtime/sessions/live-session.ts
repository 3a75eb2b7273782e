import { isObject } from "../wire/message.ts";
import { sessionLabel } from "./session-id.ts";
import type { SessionRecord, Subscription } from "./session-record.ts";

/** A call in flight: what a cancellation, the end of its session or a shutdown cuts. */
export interface PendingCall {
  /** Where it runs, for who has to say what was cut. */
  readonly backend: string;
  /** Under which progress of it is told; undefined where none is asked for. */
  readonly progressToken?: unknown;
  /** It has its backend session, and may have been sent. */
  begun: boolean;
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
  /** The address that opened it, where that is known here. */
  readonly address: string | undefined;
  ended = false;
  /** The record may be an old one: the next use loads it again. */
  stale = false;
  /** When it was brought from the store, for the trace of the call that it was brought for. */
  restored: { readonly startedAtMs: number; readonly endedAtMs: number } | undefined;
  /** By the JSON text of the request's id. */
  readonly calls = new Map<string, PendingCall>();
  /** What it is about to subscribe to. */
  subscribing: readonly Subscription[] = [];
  /** Digests of the lists as this client last got them, by list method. */
  readonly listed = new Map<string, string>();

  /** The client declared something that servers ask it for. */
  readonly canBeAsked: boolean;

  #record: SessionRecord;
  #touchedAtMs: number;

  constructor(id: string, record: SessionRecord, nowMs: number) {
    this.id = id;
    this.key = record.key;
    this.label = sessionLabel(record.key);
    this.address = record.unusedFrom;
    this.canBeAsked = declaresAnswers(record.capabilities);
    this.#record = record;
    this.#touchedAtMs = nowMs;
  }

  /** As the store had it when it was last heard of. */
  get record(): SessionRecord {
    return this.#record;
  }

  /** When the store last heard that the session is in use. */
  get touchedAtMs(): number {
    return this.#touchedAtMs;
  }

  /** Takes what the store says. The expiry may have moved on here already. */
  follow(record: SessionRecord): void {
    const expiresAtMs = Math.max(this.#record.expiresAtMs, record.expiresAtMs);
    this.#record = { ...record, expiresAtMs };
    this.stale = false;
  }

  /** The session is in use, and the store is about to hear of it. */
  touch(nowMs: number, expiresAtMs: number): void {
    this.#touchedAtMs = nowMs;
    this.#record = { ...this.#record, expiresAtMs };
  }

  /** Its client has sent something: the store is about to hear of it. */
  use(): void {
    const { unusedFrom: _, ...record } = this.#record;
    this.#record = record;
  }

  /** Cuts a call that the client does not wait for any more. Whether it runs here. */
  cancel(idText: string): boolean {
    const call = this.calls.get(idText);
    if (call === undefined) return false;
    call.cancelled = true;
    call.cut(new Error("cancelled by the client"));
    return true;
  }
}

const ASKED_FOR = ["roots", "sampling", "elicitation"];

/** Whether a client with these capabilities answers requests of servers beside ping. */
function declaresAnswers(capabilities: string): boolean {
  const declared: unknown = JSON.parse(capabilities);
  return isObject(declared) && ASKED_FOR.some((name) => isObject(declared[name]));
}
