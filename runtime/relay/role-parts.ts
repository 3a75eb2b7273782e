import type { Logger } from "pino";

import type { Settings } from "../contract/index.ts";
import type { ClientStreams } from "../edge/client-streams.ts";
import type { Role } from "../edge/role.ts";
import type { Metrics } from "../metrics.ts";
import type { SessionStore } from "../sessions/session-store.ts";
import type { Backend } from "../upstream/backend.ts";
import type { Forwarder } from "../upstream/forwarder.ts";
import type { PodReport } from "../upstream/pod-report.ts";
import type { UpstreamSessions } from "../upstream/upstream-sessions.ts";
import type { SessionStreams } from "./session-streams.ts";

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
