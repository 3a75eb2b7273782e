import type { FleetBus } from "../fleet/fleet-bus.ts";
import type { LeaseStore } from "../fleet/lease-store.ts";
import type { LimitStore } from "../fleet/limit-store.ts";
import type { PodStore } from "../fleet/pod-store.ts";
import type { SecretStore } from "../fleet/secret-store.ts";
import type { TurnStore } from "../fleet/turn-store.ts";
import type { SessionStore } from "../sessions/session-store.ts";
import type { ClusterState } from "./cluster-state.ts";

/** What a fleet keeps outside of its processes, by subject. */
export interface Store {
  /** Whether it outlives the process, so that another one can go on with its sessions. */
  readonly outlivesProcess: boolean;
  /**
   * Resolves when it has answered once: from then on nothing that other processes do is missed unnoticed. Rejects
   * with a ConfigError when it is one that cannot be used.
   */
  readonly opened: Promise<void>;
  readonly sessions: SessionStore;
  readonly leases: LeaseStore;
  readonly pods: PodStore;
  readonly bus: FleetBus;
  readonly secrets: SecretStore;
  /** Absent where it is in no cluster. */
  readonly cluster?: ClusterState | undefined;
  readonly turns: TurnStore;
  readonly limits: LimitStore;
  close(): Promise<void>;
}
