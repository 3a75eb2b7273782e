import type { AuditOverload } from "./choices.ts";

/** Which audit events are written, where to, and what is in them. */
export interface AuditArgs {
  /** Whether events are written. Default: false. */
  enabled?: boolean;
  /** The component in each event. Default: the gateway's name. */
  component?: string;
  /** The types of events that are written. Default: all. */
  eventTypes?: string[];
  /** The types of events that are not written, even if eventTypes names them. Default: none. */
  excludeEventTypes?: string[];
  /** Whether events of calls have the params of the request. Default: false. */
  includeRequestData?: boolean;
  /** Whether events of calls have the response. Default: false. */
  includeResponseData?: boolean;
  /** The maximum size of a request's or response's data, which are left out otherwise. Default: 1Ki. */
  maxDataSize?: string;
  /** The file that events are appended to, on a volume that podTemplate mounts. Default: standard output. */
  logFile?: string;
  /** Whether an error within a response has the outcome application_error. Default: true. */
  detectApplicationErrors?: boolean;
  /** How many actors of a token's act claims events name. Default: 10. */
  maxDelegationDepth?: number;
  /** Regular expressions of what data and targets do not show. Default: none. */
  redact?: string[];
  /** Whether events are lost (drop) or calls are refused (refuse) while events come faster than they are written. Default: drop. */
  onOverload?: AuditOverload;
  /** The maximum number of events that wait to be written. Default: 10000. */
  queueEvents?: number;
  /** The maximum total size of events that wait to be written. Default: 8Mi. */
  queueBytes?: string;
  /** The size from which logFile is renamed and begun again. Default: whoever rotates it does. */
  rotateBytes?: string;
  /** How many renamed files are kept with rotateBytes. Default: 5. */
  rotatedFiles?: number;
}
