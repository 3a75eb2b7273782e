import type { Lowered } from "@mcp-fleet/contract/capacity";
import type { Settings } from "@mcp-fleet/contract/settings";
import type { Probes } from "../edge/probes.ts";
import { VERSION } from "../platform/version.ts";
import type { RoleStatus } from "../roles/role.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import type { ConfigurationStatus } from "./configuration-status.ts";

/** What the limit of open files comes to. */
export interface NofileStatus {
  readonly limit: number;
  readonly need: number;
  readonly sessions: number;
  readonly lowered: readonly Lowered[];
  readonly allowed: number;
  readonly used: number;
}

/** The cluster of the session store, as its nodes describe it. */
export interface ClusterStatus {
  readonly shards: number;
  /** Of the shard that has our keys. */
  readonly replicas: number;
  /** Whether one of them confirms new sessions and their ends. */
  readonly confirmed: boolean;
  /** `sessionStorage.cluster.shards`: what connections and memory are planned for. */
  readonly plannedShards: number;
}

/** What /status says, as JSON. */
export interface Status extends RoleStatus {
  readonly name: string;
  readonly role: Settings["role"];
  readonly version: string;
  readonly ready: boolean;
  /** Why it is not. */
  readonly notReady?: string;
  readonly sessions: {
    /** Of the whole fleet; null while the store does not answer. */
    readonly stored: number | null;
    readonly max: number;
    readonly cached: number;
    readonly busy: number;
    readonly streams: number;
  };
  /** Absent where the session store is in no cluster. */
  readonly cluster?: ClusterStatus | undefined;
  /** Absent where the limit of open files is unknown. */
  readonly nofile?: NofileStatus | undefined;
  /** Absent where no change of the configuration is followed. */
  readonly configuration?: ConfigurationStatus | undefined;
}

export interface StatusReportParts {
  readonly settings: Settings;
  readonly readiness: Probes;
  readonly store: {
    readonly sessions: { count(): Promise<number> };
    readonly cluster?: Omit<ClusterStatus, "plannedShards"> | undefined;
  };
  readonly sessions: { readonly counts: { readonly cached: number; readonly busy: number } };
  readonly streams: { readonly count: number };
  readonly descriptors: { readonly status: NofileStatus | undefined };
  readonly role: { status(): Promise<RoleStatus> };
  readonly live?: { readonly status: ConfigurationStatus };
}

/** How the process is, for /status, the status page and the log. */
export class StatusReport {
  readonly #parts: StatusReportParts;

  constructor(parts: StatusReportParts) {
    this.#parts = parts;
  }

  async read(): Promise<Status> {
    const { settings, readiness, sessions, streams, descriptors, role, live } = this.#parts;
    const notReady = readiness.notReady();
    const [stored, ofRole] = await Promise.all([this.#stored(), role.status()]);
    return {
      name: settings.name,
      role: settings.role,
      version: VERSION,
      ready: notReady === undefined,
      ...(notReady !== undefined && { notReady }),
      sessions: {
        stored: stored ?? null,
        max: settings.session.maxSessions,
        ...sessions.counts,
        streams: streams.count,
      },
      ...this.#cluster(),
      nofile: descriptors.status,
      ...(live && { configuration: live.status }),
      ...ofRole,
    };
  }

  /** Sets the gauges that only somebody who asks can know. */
  async measure(metrics: Metrics): Promise<void> {
    metrics.sessionsStored.set((await this.#stored()) ?? Number.NaN);
  }

  #cluster(): Pick<Status, "cluster"> {
    const { store, settings } = this.#parts;
    const { sessionStorage: storage } = settings;
    const planned = storage.provider === "redis" ? storage.cluster : undefined;
    if (store.cluster === undefined || planned === undefined) return {};
    return { cluster: { ...store.cluster, plannedShards: planned.shards } };
  }

  /** How many sessions the store has; undefined while it does not answer, when status and metrics matter most. */
  #stored(): Promise<number | undefined> {
    return this.#parts.store.sessions.count().catch(() => undefined);
  }
}
