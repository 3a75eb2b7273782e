import type { Settings } from "@mcp-fleet/contract/settings";
import type { Logger } from "pino";
import type { Forwarder } from "../calls/forwarder.ts";
import type { SessionStreams } from "../calls/session-streams.ts";
import type { ClientStreams } from "../edge/client-streams.ts";
import type { SessionStore } from "../sessions/session-store.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import type { Backend } from "../upstream/backend.ts";
import type { PodReport } from "../upstream/sessions/pod-report.ts";
import type { UpstreamSessions } from "../upstream/sessions/upstream-sessions.ts";
import type { Role } from "./role.ts";

/** What every role is made from. */
export interface RoleParts {
  readonly settings: Settings;
  /** By name. */
  readonly backends: ReadonlyMap<string, Backend>;
  readonly store: SessionStore;
  readonly upstreams: UpstreamSessions;
  readonly forwarder: Forwarder;
  readonly streams: ClientStreams;
  readonly sessionStreams: SessionStreams;
  readonly podReport: PodReport;
  readonly metrics: Metrics;
  readonly log: Logger;
}

/** Makes the role that a process has: its own composition root. */
export type MakeRole = (parts: RoleParts) => Role;
