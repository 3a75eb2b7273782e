/** Where an input of the plan stands in the arguments of a component. */
const ARGUMENTS: Readonly<Record<string, string>> = {
  openedBackends: "load.openedBackends",
  streamsPerSession: "load.streamsPerSession",
  callsPerSessionSecond: "load.callsPerSessionSecond",
  callSeconds: "load.callTime",
  callsPerSecond: "load.callsPerSecond",
  concurrentCalls: "load.concurrentCalls",
  idleTtlSeconds: "session.idleTtl",
  cacheEntries: "session.cacheEntries",
  callTimeoutMaxSeconds: "limits.callTimeoutMax",
  upstreamConnections: "limits.upstreamConnections",
  views: "limits.views",
  clientBytes: "limits.clientBytes",
  minReplicas: "replicas",
  maxReplicas: "autoscaling.maxReplicas",
  sessionsPerReplica: "ceilings.sessionsPerReplica",
  memoryBytes: "ceilings.memory",
  eventLoopPercent: "ceilings.eventLoopPercent",
  nofile: "nofile.ceiling",
  store: "sessionStorage",
};

/** The argument that an input of the plan comes from: those without an entry have its name. */
export const argumentOf = (input: string): string => ARGUMENTS[input] ?? input;
