import type { Scaling } from "./choices.ts";

/** The load that clients cause, as input of the capacity plan. The defaults are those of the plan. */
export interface LoadArgs {
  /** Backends that a session calls, on average. Default: all of them. */
  openedBackends?: number;
  /** Share of sessions whose clients declare roots, sampling or elicitation, in percent: they have streams at backends during calls. Default: 100. */
  askableSessionsPercent?: number;
  /** Open GET streams per session, on average. Default: 1. */
  streamsPerSession?: number;
  /** Calls per session and second, on average. Default: 0.1. */
  callsPerSessionSecond?: number;
  /** Duration of a call, on average, such as 500ms. Default: 1s. */
  callTime?: string;
  /** Calls per second of all sessions together, instead of callsPerSessionSecond. Default: sessions × callsPerSessionSecond. */
  callsPerSecond?: number;
  /** Calls in flight of all sessions together, instead of callTime. Default: callsPerSecond × callTime. */
  concurrentCalls?: number;
}

/** The ceilings of a pod, which determine how many pods are needed. */
export interface CeilingsArgs {
  /** Maximum sessions per pod, and so the number that reconnect at once when a pod is lost. Default: 2000. */
  sessionsPerReplica?: number;
  /** Maximum memory of a pod. Default: 2Gi. */
  memory?: string;
  /** Maximum share of one core that calls may use, in percent. Default: 50. */
  eventLoopPercent?: number;
}

/** The range of an autoscaler; its minimum is the replicas of the plan, or backendReplicas of a server. */
export interface AutoscalingArgs {
  /** The maximum number of pods. */
  maxReplicas: number;
  /** Who sets the number: a HorizontalPodAutoscaler of the component, or one of your own or of KEDA (External), which must stay within the range. Default: HorizontalPodAutoscaler. */
  scaling?: Scaling;
}
