import type { AuditEventType } from "@mcp-fleet/contract/settings";

/** What came of it, in ToolHive's words. */
export type Outcome = "success" | "failure" | "error" | "denied" | "application_error";

/** One event, in ToolHive's model. */
export interface AuditEvent {
  readonly type: AuditEventType;
  readonly outcome: Outcome;
  /** Where it came from. */
  readonly source: {
    readonly type: "network" | "local";
    readonly value: string;
    readonly extra?: Readonly<Record<string, unknown>>;
  };
  readonly subjects: Readonly<Record<string, string>>;
  readonly target: Readonly<Record<string, string>>;
  readonly extra?: Readonly<Record<string, unknown>>;
  readonly data?: Readonly<Record<string, unknown>>;
}

/** The line of an event, as ToolHive's logger writes it, with `metadata.auditId` and `loggedAt` of its model on top. */
export function auditLine(event: AuditEvent, component: string, id: string, nowMs: number): string {
  const { type, outcome, source, subjects, target, extra, data } = event;
  const time = new Date(nowMs).toISOString();
  const line = {
    time,
    level: "INFO+2",
    msg: "audit_event",
    audit_id: id,
    type,
    logged_at: time,
    loggedAt: time,
    outcome,
    component,
    source: { extra: {}, ...source },
    subjects,
    target,
    metadata: { auditId: id, ...(extra && { extra }) },
    ...(data && { data }),
  };
  return `${JSON.stringify(line)}\n`;
}
