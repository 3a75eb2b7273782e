import type { AggregationSettings, Settings } from "@mcp-fleet/contract/settings";
import type { Logger } from "pino";
import type { Authorizer } from "../authz/authorizer.ts";
import type { Handler } from "../calls/call.ts";
import type { ClientListeners } from "../calls/client-listeners.ts";
import type { ClientMessages } from "../calls/client-messages.ts";
import type { Forwarder } from "../calls/forwarder.ts";
import type { RequestContext } from "../calls/request-context.ts";
import type { SessionStreams } from "../calls/session-streams.ts";
import type { Subscriptions } from "../calls/subscriptions.ts";
import type { HiddenRow, NameRow } from "../catalog/explanation.ts";
import type { FleetBus } from "../fleet/fleet-bus.ts";
import type { Events } from "../sessions/events.ts";
import type { SessionStore } from "../sessions/session-store.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import type { BackendRegistry } from "../upstream/backend-registry.ts";
import type { CircuitState } from "../upstream/endpoints/circuit-breaker.ts";
import type { PodReport, PodRow } from "../upstream/sessions/pod-report.ts";
import type { UpstreamSessions } from "../upstream/sessions/upstream-sessions.ts";
import type { Condition } from "./condition.ts";

/** What a role does with what reaches the edge: it answers "which backend, under which name?". */
export interface Role {
  /** The result of initialize, as JSON text. Where this fails, the session ends. */
  initialize(context: RequestContext): Promise<string>;

  /** Answers a request through its reply; throws what went wrong before or during that. */
  readonly request: Handler;

  /** Why the process should get no traffic yet; undefined once the first look at the backends is over. */
  readonly notReady: string | undefined;

  /**
   * Fails where the role finds that the process must not serve with these settings; never resolves. Absent: it never does.
   *
   * @throws {ConfigError}
   */
  readonly refused?: Promise<never>;

  /**
   * Merges the lists of the backends by other settings from now on, without asking them again; clients hear once of the
   * lists that differ. Absent: the role merges nothing.
   *
   * @throws {ConfigError} where names are to be resolved by hand first: then nothing has changed.
   */
  applyAggregation?(aggregation: AggregationSettings): void;

  /** Clients may use others of the items than before, and hear of the lists that differ for them. */
  permissionsChanged?(): void;

  /** The role's part of /status. */
  status(): Promise<RoleStatus>;

  close(): Promise<void>;
}

/** A name or URI that two backends lay claim to, as /status shows it. */
export interface ConflictRow {
  readonly list: string;
  readonly name: string;
  readonly backend: string;
  readonly shadowedBy: string;
  readonly reason: string;
}

/** A backend's row in /status. The address is there for operators; it holds no credentials. */
export interface BackendRow {
  readonly name: string;
  readonly address: string;
  readonly state: string;
  readonly health: Condition;
  /** Of a backend without pods, where there are circuit breakers; otherwise each pod has its own. */
  readonly circuit?: CircuitState;
  readonly stateful: boolean;
  readonly since?: string;
  readonly error?: string | undefined;
  /** Lists that are longer than the limits, or that the backend does not end properly. */
  readonly warning?: string | undefined;
  readonly protocol?: string | undefined;
  /** How many of its items clients see, of each list. */
  readonly tools?: number;
  readonly prompts?: number;
  readonly resources?: number;
  readonly resourceTemplates?: number;
  readonly pods?: readonly PodRow[];
}

/** How the lists of a gateway became one, as /status shows it. */
export interface AggregationRow {
  readonly conflictResolution: string;
  readonly priorityOrder?: readonly string[];
  /** Backends that are not in priorityOrder, which come after all of it. */
  readonly afterPriorityOrder?: readonly string[];
  /** Names that are to be resolved by hand. While there are any, clients have the lists of before. */
  readonly unresolved: readonly {
    readonly list: string;
    readonly name: string;
    readonly backends: readonly string[];
  }[];
  /** What the settings name although no backend lists it. */
  readonly warnings: readonly string[];
  readonly names: readonly NameRow[];
  readonly hidden: readonly HiddenRow[];
  /** How many more there are of each, that are not shown. */
  readonly more: { readonly warnings: number; readonly names: number; readonly hidden: number };
}

export interface RoleStatus {
  readonly groupRef?: string | undefined;
  readonly metadata?: Settings["metadata"];
  readonly backends: readonly BackendRow[];
  readonly conflicts?: readonly ConflictRow[];
  readonly aggregation?: AggregationRow;
}

/** What every role is made from. */
export interface RoleParts {
  readonly settings: Settings;
  readonly backends: BackendRegistry;
  readonly sessions: SessionStore;
  readonly bus: FleetBus;
  readonly upstreams: UpstreamSessions;
  readonly forwarder: Forwarder;
  readonly messages: ClientMessages;
  readonly streams: ClientListeners;
  readonly sessionStreams: SessionStreams;
  readonly subscriptions: Subscriptions;
  readonly podReport: PodReport;
  /** Absent: every client may use everything. */
  readonly authorizer: Authorizer | undefined;
  readonly events: Events;
  readonly metrics: Metrics;
  readonly log: Logger;
}
