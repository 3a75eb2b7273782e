import type { Unit } from "./figure.ts";

/** A number that a plan reckons with and nobody sets. */
export interface Constant {
  readonly value: number;
  readonly unit: Unit;
  /** What one of them is. */
  readonly about: string;
  /** Where the number comes from: a measurement, a rule of what we build on, a choice or an assumption. */
  readonly source: string;
}

const ON_THIS = "Measured on this gateway, Node 26, two shared cores, loopback";
const ON_VALKEY = "Measured on Redis 7 and 8 and Valkey 9.1";
const ON_REDIS = "Measured on Redis 7.0";

/** Every constant of the plan. Bytes and milliseconds are rounded up from what was measured. */
export const CONSTANTS = {
  surgeReplicas: {
    value: 1,
    unit: "pods",
    about: "Pods above the replicas while a new version rolls out",
    source: "Choice: a rollout starts one pod before it ends one",
  },
  skew: {
    value: 10,
    unit: "percent",
    about: "How far the fullest pod is above the mean",
    source:
      "Arithmetic: three standard deviations of a random spread over pods of 900 sessions and more",
  },
  processDescriptors: {
    value: 32,
    unit: "descriptors",
    about: "A process without clients: listeners, log, event loop, operators, probes",
    source: `${ON_THIS}: 30 with two backends and their four connections`,
  },
  clientSockets: {
    value: 1,
    unit: "descriptors",
    about: "Connection for requests of a session, busy or kept alive",
    source: `${ON_THIS}: 3,000 idle sockets, 3,000 descriptors; who does not heed Keep-Alive holds one for 75 s`,
  },
  descriptorReserve: {
    value: 10,
    unit: "percent",
    about: "Descriptors that stay free",
    source: "Choice: new work is refused here, so that EMFILE never happens",
  },
  processBytes: {
    value: 240 * 2 ** 20,
    unit: "bytes",
    about: "A process at full speed, almost without sessions",
    source: `${ON_THIS}, heap as planned: resident set of 205 to 256 MiB at its peak with 100 sessions, 150 MiB at start; make predicted measures it again`,
  },
  sessionBytes: {
    value: 2048,
    unit: "bytes",
    about: "A session in memory, without what its client says of itself",
    source: `${ON_THIS}: 1,396 B each over 10,000 sessions, after a forced collection, record of the memory store included`,
  },
  openedBackendBytes: {
    value: 1024,
    unit: "bytes",
    about: "A backend that a session in memory has called",
    source: `${ON_THIS}: 351 B each over 5,000 sessions, after a forced collection; the noise is as large, so three times that`,
  },
  streamBytes: {
    value: 21 * 2 ** 10,
    unit: "bytes",
    about: "An open stream, either way, with its socket",
    source: `${ON_THIS}: resident set of 20.5 kB each over 4,000 streams, 6.5 kB of it live`,
  },
  socketBytes: {
    value: 8192,
    unit: "bytes",
    about: "An idle connection of a client",
    source: `${ON_THIS}: resident set of 8.1 kB each over 1,000 sockets, 2.9 kB of it live`,
  },
  callBytes: {
    value: 352 * 2 ** 10,
    unit: "bytes",
    about: "A call in flight: its request and its answer, taken to be 32 KiB each",
    source: `${ON_THIS}, heap as planned: resident set of 277 to 350 KiB each at full speed, between 10 and 500 at a time`,
  },
  catalogBytes: {
    value: 128 * 2 ** 10,
    unit: "bytes",
    about: "The lists of one backend in one view",
    source: "Assumption: 60 tools of 2 KiB",
  },
  memoryReserve: {
    value: 25,
    unit: "percent",
    about: "Memory of a pod that stays free",
    source: "Choice: garbage that waits for its collection, and bodies above the mean",
  },
  heap: {
    value: 75,
    unit: "percent",
    about: "Share of a pod's memory that is Node's old space",
    source: "Choice: the rest is code, stacks, young space and socket buffers",
  },
  cpuLimit: {
    value: 2000,
    unit: "millicores",
    about: "Limit of a pod: one core for the event loop, one for garbage collection, TLS and DNS",
    source: "Choice: the event loop is never throttled",
  },
  scaleAt: {
    value: 80,
    unit: "percent",
    about: "Share of eventLoopPercent above which an autoscaler adds a pod",
    source: "Choice: a new pod serves before the others are at their ceiling",
  },
  processCpu: {
    value: 20,
    unit: "millicores",
    about: "A process without calls: timers, probes, scrapes",
    source: "Assumption",
  },
  callCpu: {
    value: 0.3,
    unit: "milliseconds",
    about: "CPU of a call",
    source: `${ON_THIS}: 0.16 to 0.29 ms at 16 and 64 calls at a time, with the load client on the same cores; make bench measures it again`,
  },
  sessionCpu: {
    value: 0.5,
    unit: "milliseconds",
    about: "CPU of initialize and what follows it",
    source: `${ON_THIS}: 0.23 to 0.45 ms each over 5,000 sessions`,
  },
  openingCpu: {
    value: 0.8,
    unit: "milliseconds",
    about: "CPU of a session's first call to a backend: handshake and call",
    source: `${ON_THIS}: 0.70 to 0.82 ms each over 5,000 sessions`,
  },
  streamCpu: {
    value: 0.02,
    unit: "millicores",
    about: "An open stream that says nothing but its keep-alive",
    source: `${ON_THIS}: 0.014 over 2,000 streams`,
  },
  storeConnections: {
    value: 2,
    unit: "connections",
    about: "Connections of a pod to the store: one for commands, one that hears of changes",
    source: "How the store client is built: no command shares a connection with a wait",
  },
  durableConnections: {
    value: 1,
    unit: "connections",
    about: "With Sentinel, a pod's connection for what a replica must have before it counts",
    source: "How the store client is built: waiting for a replica blocks a connection",
  },
  sentinelLookups: {
    value: 1,
    unit: "connections",
    about: "Connection to a Sentinel, while one of ours looks for its master",
    source: "How the store client is built: it closes it when it knows",
  },
  storeOverlap: {
    value: 2,
    unit: "connections",
    about: "Connections that the store counts for one of ours",
    source: "After a failover a pod is back before the store has given up its old connection",
  },
  storeOwnConnections: {
    value: 32,
    unit: "connections",
    about: "Replicas, Sentinels, probes and exporters at the store",
    source: "Choice: two replicas, three Sentinels with two each, and room for operators",
  },
  recordBytes: {
    value: 832,
    unit: "bytes",
    about:
      "A session's record with its key and its expiry, without its backends and what its client says of itself",
    source: `${ON_REDIS}: 574 B each over 10,000 sessions, 806 B with an owner, an end and a log level`,
  },
  recordClass: {
    value: 125,
    unit: "percent",
    about: "What the store's allocator makes of what a client says of itself",
    source: `${ON_VALKEY}: size classes take up to 25 % more`,
  },
  recordBackendBytes: {
    value: 208,
    unit: "bytes",
    about: "A backend in a session's record",
    source: `${ON_REDIS}: 154 B with a name of 2 characters and a session id of 36, 202 B with 20 and 67`,
  },
  pinBytes: {
    value: 448,
    unit: "bytes",
    about: "A session's place on a pod: in its record, and among the sessions of the pod",
    source: `${ON_REDIS}: 443 B with the name of a pod of a StatefulSet`,
  },
  expiryBytes: {
    value: 320,
    unit: "bytes",
    about: "A session's places in the sets of the fleet and of its owner, by expiry",
    source: `${ON_REDIS}: 230 to 309 B each over 10,000 sessions`,
  },
  recordLinger: {
    value: 300,
    unit: "seconds",
    about:
      "How long a record outlives its session: it is its tombstone, and says which backends to tell",
    source: "Choice: the reaper of some pod comes by within it",
  },
  storeBytes: {
    value: 1.5 * 2 ** 20,
    unit: "bytes",
    about: "A store without sessions: the engine and the scripts",
    source: `${ON_REDIS}: 0.99 MB empty, 1.3 MB with the scripts and the connections of a process`,
  },
  changesBytes: {
    value: 1.25 * 2 ** 20,
    unit: "bytes",
    about: "The stream of the last 10,000 changes",
    source: `${ON_REDIS}: 116 B each`,
  },
  backlogBytes: {
    value: 64 * 2 ** 20,
    unit: "bytes",
    about: "The backlog of a store with replicas, which counts towards its maxmemory",
    source: `Choice: repl-backlog-size; ${ON_REDIS.toLowerCase()}: a maxmemory of 48 MiB refuses writes once 47 MiB of it are full`,
  },
  storeReserve: {
    value: 20,
    unit: "percent",
    about: "Memory of the store that stays free",
    source: "Choice: an alert at 80 % of maxmemory comes before any eviction",
  },
  storeCopy: {
    value: 150,
    unit: "percent",
    about: "What the store's container needs of maxmemory while it writes a copy",
    source: "Rule of the engine: pages that change during a rewrite or a full sync stand twice",
  },
  storeVolume: {
    value: 300,
    unit: "percent",
    about: "What a volume of the store needs of maxmemory",
    source: "Rule of the engine: the log, its rewrite, and what is appended meanwhile",
  },
  storeBuffers: {
    value: 100 * 2 ** 20,
    unit: "bytes",
    about: "The store's buffers of replicas and clients, which do not count towards maxmemory",
    source: "Choice",
  },
  serverCpu: {
    value: 100,
    unit: "millicores",
    about: "Request of a pod of an MCP server whose resources nobody says",
    source: "Assumption: calls wait for something else most of their time",
  },
} as const satisfies Readonly<Record<string, Constant>>;
