import type { SessionRecord } from "../sessions/session-record.ts";

/** A pod of a backend that gets no new session. */
export interface DrainingPod {
  readonly backend: string;
  readonly pod: string;
}

/**
 * Which session is at which pod, and which pods get no more.
 *
 * @throws STORE_UNAVAILABLE.
 */
export interface PodStore {
  /**
   * Chooses the pod that a session of a backend is to be opened at: the one with the fewest live sessions of those
   * named that do not drain, the first of equals. Counts it there at once, and no longer where it was. What is counted
   * and never opened falls out with the session's expiry.
   *
   * @returns undefined where there is no such session, no pod is named, or all of them drain.
   */
  pin(record: SessionRecord, backend: string, pods: readonly string[]): Promise<string | undefined>;

  /** The live sessions of each pod. */
  count(backend: string, pods: readonly string[]): Promise<number[]>;

  /** The keys of live sessions that are pinned to a pod. */
  sessionsOn(backend: string, pod: string, limit: number): Promise<string[]>;

  /** Says to the whole fleet that a pod drains, or does not any more. */
  setDraining(draining: DrainingPod, drains: boolean): Promise<void>;

  draining(): Promise<readonly DrainingPod[]>;
}
