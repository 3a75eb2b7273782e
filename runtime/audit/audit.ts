import type { AuditSettings } from "@mcp-fleet/contract/settings";
import type { Logger } from "pino";
import type { Authorizer } from "../authz/authorizer.ts";
import { AuditFile } from "./audit-file.ts";
import { AuditQueue } from "./audit-queue.ts";
import { StandardOutput } from "./audit-sink.ts";
import { AuditedAuthorizer } from "./audited-authorizer.ts";
import { Auditor, type AuditorParts } from "./auditor.ts";
import { Redaction } from "./redaction.ts";

export interface AuditParts extends Omit<AuditorParts, "queue" | "redaction"> {
  readonly log: Logger;
}

/**
 * What writes events.
 *
 * @throws {ConfigError} where the file cannot be opened.
 */
export function openAuditor(parts: AuditParts): Auditor {
  const { settings } = parts;
  const queue = new AuditQueue({ ...parts, sink: sinkOf(settings) });
  return new Auditor({ ...parts, queue, redaction: new Redaction(settings.redact) });
}

/** Has what an authorizer decides written, too. */
export function audited(authorizer: Authorizer, auditor: Auditor): Authorizer {
  return new AuditedAuthorizer(authorizer, auditor);
}

function sinkOf({ logFile, rotateBytes, rotatedFiles }: AuditSettings) {
  if (logFile === undefined) return new StandardOutput();
  return new AuditFile({ path: logFile, rotateBytes, rotatedFiles });
}
