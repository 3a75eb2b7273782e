import { LIMIT_ARGUMENTS } from "./planned-limits.ts";

/** The argument of a component that each input of the plan comes from. */
const ARGUMENTS: Readonly<Record<string, string>> = {
  ...LIMIT_ARGUMENTS,
  openedBackends: "load.openedBackends",
  askableSessionsPercent: "load.askableSessionsPercent",
  streamsPerSession: "load.streamsPerSession",
  callsPerSessionSecond: "load.callsPerSessionSecond",
  callTimeSeconds: "load.callTime",
  callsPerSecond: "load.callsPerSecond",
  concurrentCalls: "load.concurrentCalls",
  idleTtlSeconds: "session.idleTtl",
  cacheEntries: "session.cacheEntries",
  minReplicas: "replicas",
  maxReplicas: "autoscaling.maxReplicas",
  sessionsPerReplica: "ceilings.sessionsPerReplica",
  memoryBytes: "ceilings.memory",
  eventLoopPercent: "ceilings.eventLoopPercent",
  nofile: "nofile.ceiling",
  store: "sessionStorage",
  storeShards: "sessionStorage.cluster.shards",
};

/** The argument that an input of the plan comes from; those without an entry have the same name. */
export const argumentOf = (input: string): string => ARGUMENTS[input] ?? input;

/** The argument of a component that each setting comes from; those without an entry have the same path. */
const SETTINGS: readonly (readonly [setting: string, argument: string])[] = [
  ["session.maxSessions", "sessions"],
  ["sessionStorage.sentinel.addrs", "sessionStorage.sentinel.addresses"],
  ["sessionStorage.cluster.addrs", "sessionStorage.cluster.addresses"],
  ["aggregation.conflictResolutionConfig.", "aggregation."],
  ["discovery.configMap", "discovery.configMapName"],
  ["rateLimiting", "rateLimits"],
];

/** The argument that a setting comes from. */
export function argumentOfSetting(path: string): string {
  const [setting, argument] = SETTINGS.find(([known]) => path.startsWith(known)) ?? ["", ""];
  return argument + path.slice(setting.length);
}
