/** What clients do, for the plan. Every default is that of the capacity plan. */
export interface LoadArgs {
  /** Backends that a session calls, on average. Default: all of them. */
  openedBackends?: number;
  /** Open GET streams of a session, on average. Default: 1. */
  streamsPerSession?: number;
  /** Calls of a session per second, on average. Default: 0.1. */
  callsPerSessionSecond?: number;
  /** How long a call takes, such as 500ms, on average. Default: 1s. */
  callTime?: string;
  /** Calls per second of all sessions together; in the place of callsPerSessionSecond. Default: sessions × callsPerSessionSecond. */
  callsPerSecond?: number;
  /** Calls in flight at a time, of all sessions together; in the place of callTime. Default: callsPerSecond × callTime. */
  concurrentCalls?: number;
}

/** How far a pod may be filled. */
export interface CeilingsArgs {
  /** Sessions that a pod serves, and so the most that come back at once when it is lost. Default: 2000. */
  sessionsPerReplica?: number;
  /** The memory of a pod, such as 2Gi. Default: 2Gi. */
  memory?: string;
  /** The share of one core that calls may take. Default: 50. */
  eventLoopPercent?: number;
}

/** The range of a HorizontalPodAutoscaler; the plan's replicas are its lower end. */
export interface AutoscalingArgs {
  /** The most pods. */
  maxReplicas: number;
}
