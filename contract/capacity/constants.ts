import type { Unit } from "./figure.ts";

/** A number in a plan's arithmetic that users do not set. */
export interface Constant {
  readonly value: number;
  readonly unit: Unit;
  /** What it is for. */
  readonly description: string;
  /** Where the number comes from: a measurement, a property of the software below, a choice or an assumption. */
  readonly source: string;
}

const ON_THIS = "Measured on this gateway, Node 26, two shared cores, loopback";
const ON_VALKEY = "Measured on Redis 7 and 8 and Valkey 9.1";
const ON_REDIS = "Measured on Redis 7.0";

/** Every constant of the plan. Bytes and milliseconds are rounded up from the measurement. */
export const CONSTANTS = {
  surgeReplicas: {
    value: 1,
    unit: "pods",
    description: "Extra pods while a new version rolls out",
    source: "Choice: a rollout starts a new pod before it stops an old one",
  },
  skew: {
    value: 10,
    unit: "percent",
    description: "How many more sessions the fullest pod has than the average",
    source:
      "Arithmetic: three standard deviations of a random spread over pods of 900 sessions or more",
  },
  processDescriptors: {
    value: 32,
    unit: "descriptors",
    description: "A process without clients: listeners, log, event loop, probes, operators",
    source: `${ON_THIS}: 30 with two backends and their four connections`,
  },
  clientSockets: {
    value: 1,
    unit: "descriptors",
    description: "A client connection per session, busy or kept alive",
    source: `${ON_THIS}: 3,000 idle sockets, 3,000 descriptors; a client that ignores Keep-Alive holds one for 75 s`,
  },
  descriptorReserve: {
    value: 10,
    unit: "percent",
    description: "Descriptors that are kept free",
    source: "Choice: new work is refused at this point, so that EMFILE never happens",
  },
  processBytes: {
    value: 240 * 2 ** 20,
    unit: "bytes",
    description: "A process under full load, with almost no sessions",
    source: `${ON_THIS}, heap as planned: peak resident set of 205 to 256 MiB with 100 sessions, 150 MiB at start; make predicted measures it again`,
  },
  sessionBytes: {
    value: 2048,
    unit: "bytes",
    description: "A session in memory, without its client's initialize parameters",
    source: `${ON_THIS}: 1,396 B each over 10,000 sessions after a forced garbage collection, with the record of the memory store`,
  },
  openedBackendBytes: {
    value: 1024,
    unit: "bytes",
    description: "A backend that a session in memory has opened",
    source: `${ON_THIS}: 351 B each over 5,000 sessions after a forced garbage collection; the noise is as large, so three times that`,
  },
  programPipes: {
    value: 3,
    unit: "descriptors",
    description: "A program of a server over stdio: its standard input, output and error",
    source: "How the operating system works",
  },
  streamBytes: {
    value: 21 * 2 ** 10,
    unit: "bytes",
    description: "An open stream to a client or a backend, with its socket",
    source: `${ON_THIS}: resident set of 20.5 kB each over 4,000 streams, 6.5 kB of it live`,
  },
  socketBytes: {
    value: 8192,
    unit: "bytes",
    description: "An idle client connection",
    source: `${ON_THIS}: resident set of 8.1 kB each over 1,000 sockets, 2.9 kB of it live`,
  },
  addressBytes: {
    value: 320,
    unit: "bytes",
    description: "A client address that sessions or connections are counted for",
    source: `${ON_THIS}: 261 B each over 20,000 addresses with one connection, less with one session, after a forced garbage collection`,
  },
  logKindBytes: {
    value: 1024,
    unit: "bytes",
    description: "A kind of log lines, which are counted so that equal ones can be left out",
    source: `${ON_THIS}: 734 B each over 1,000 kinds of 200 characters`,
  },
  logKinds: {
    value: 1_000,
    unit: "lines",
    description: "Kinds of log lines that are told apart; further ones are one kind",
    source: "Choice: LogLimit counts no more",
  },
  callBytes: {
    value: 352 * 2 ** 10,
    unit: "bytes",
    description: "A call in flight, with a request and a response of 32 KiB each",
    source: `${ON_THIS}, heap as planned: resident set of 277 to 350 KiB each under full load, with 10 to 500 calls at a time`,
  },
  heldCopies: {
    value: 200,
    unit: "percent",
    description: "Memory of a server's message that is held as a whole, relative to its size",
    source: "How the code works: as text while it arrives, and as bytes until the client reads it",
  },
  bodyCopies: {
    value: 400,
    unit: "percent",
    description: "Memory of a request whose body is held, relative to the size of the body",
    source:
      "How the code works: its text, its parsed params, the text for the backend, and the bytes of that; measured: resident set of 33 MiB for a body of 7.9 MiB. Text beyond Latin-1 takes more, out of the reserve",
  },
  policyThreadBytes: {
    value: 64 * 2 ** 20,
    unit: "bytes",
    description: "Memory of the thread that decides by Cedar policies",
    source:
      "Measured: resident set of 48 MiB more after 10,000 decisions, on Node 26; with room for policies and entities",
  },
  decisionBytes: {
    value: 512,
    unit: "bytes",
    description: "Memory of a decision that is kept, with names of up to 256 characters",
    source: "How the code works: the text of its key, and its place in the cache",
  },
  telemetryBytes: {
    value: 24 * 2 ** 20,
    unit: "bytes",
    description: "Memory of the OpenTelemetry packages, and of an export on its way",
    source:
      "Estimated: the packages and two exports of 512 spans, as objects and as protobuf; gRPC has the larger ones",
  },
  spanBytes: {
    value: 6 * 2 ** 10,
    unit: "bytes",
    description: "Memory of a span that waits to be exported, with its attributes",
    source: "How the code works: some 20 attributes, of up to 1,024 characters each",
  },
  memoryReserve: {
    value: 25,
    unit: "percent",
    description: "Memory of a pod that is kept free",
    source: "Choice: uncollected garbage, and bodies above the average",
  },
  heap: {
    value: 75,
    unit: "percent",
    description: "Share of a pod's memory for Node's old space",
    source: "Choice: the rest is for code, stacks, young space and socket buffers",
  },
  cpuLimit: {
    value: 2000,
    unit: "millicores",
    description:
      "CPU limit of a pod: one core for the event loop, one for garbage collection, TLS and DNS",
    source: "Choice: the event loop must not be throttled",
  },
  scaleAt: {
    value: 80,
    unit: "percent",
    description:
      "Share of eventLoopPercent, or of the CPU request of a server's pod, above which an autoscaler adds a pod",
    source: "Choice: a new pod is ready before the others reach their ceiling",
  },
  processCpu: {
    value: 20,
    unit: "millicores",
    description: "A process without calls: timers, probes, metric scrapes",
    source: "Assumption",
  },
  callCpu: {
    value: 0.3,
    unit: "milliseconds",
    description: "CPU time of a call",
    source: `${ON_THIS}: 0.16 to 0.29 ms at 16 and 64 calls at a time, with the load client on the same cores; make bench measures it again`,
  },
  sessionCpu: {
    value: 0.5,
    unit: "milliseconds",
    description: "CPU time of initialize and the requests that follow it",
    source: `${ON_THIS}: 0.23 to 0.45 ms each over 5,000 sessions`,
  },
  openingCpu: {
    value: 0.8,
    unit: "milliseconds",
    description: "CPU time of a session's first call to a backend, with the handshake",
    source: `${ON_THIS}: 0.70 to 0.82 ms each over 5,000 sessions`,
  },
  streamCpu: {
    value: 0.02,
    unit: "millicores",
    description: "An open stream that carries only keep-alives",
    source: `${ON_THIS}: 0.014 over 2,000 streams`,
  },
  storeConnections: {
    value: 2,
    unit: "connections",
    description:
      "Connections of a pod to the store: one for commands, one for notifications of changes",
    source: "How the store client works: blocking reads have a connection of their own",
  },
  durableConnections: {
    value: 1,
    unit: "connections",
    description:
      "With Sentinel or a cluster, a pod's connection for writes that wait for a replica",
    source: "How the store client works: WAIT blocks its connection",
  },
  sentinelLookups: {
    value: 1,
    unit: "connections",
    description: "Connection to a Sentinel while a store connection looks up the master",
    source: "How the store client works: it closes the connection after the lookup",
  },
  storeOverlap: {
    value: 2,
    unit: "connections",
    description: "Connections that the store counts per connection of a pod",
    source: "After a failover, a pod reconnects before the store drops its old connection",
  },
  storeOwnConnections: {
    value: 32,
    unit: "connections",
    description: "Connections of replicas, Sentinels, probes and exporters to the store",
    source:
      "Choice: two replicas, three Sentinels with two connections each, and room for operators",
  },
  recordBytes: {
    value: 832,
    unit: "bytes",
    description:
      "A session's record with its key and expiry, without its backends and its client's initialize parameters",
    source: `${ON_REDIS}: 574 B each over 10,000 sessions, 806 B with an owner, an end and a log level`,
  },
  recordClass: {
    value: 125,
    unit: "percent",
    description: "Size of a client's initialize parameters as the store allocates them",
    source: `${ON_VALKEY}: size classes take up to 25 % more`,
  },
  recordBackendBytes: {
    value: 208,
    unit: "bytes",
    description: "A backend in a session's record",
    source: `${ON_REDIS}: 154 B with a name of 2 characters and a session id of 36, 202 B with 20 and 67`,
  },
  pinBytes: {
    value: 448,
    unit: "bytes",
    description: "A session's pod: in its record, and in the set of that pod's sessions",
    source: `${ON_REDIS}: 443 B with the name of a pod of a StatefulSet`,
  },
  expiryBytes: {
    value: 320,
    unit: "bytes",
    description: "A session's entries in the expiry sets of the fleet and of its owner",
    source: `${ON_REDIS}: 230 to 309 B each over 10,000 sessions`,
  },
  recordLinger: {
    value: 60,
    unit: "seconds",
    description:
      "How long the tombstone of a session stays, which says that it has ended and which backend sessions it had",
    source: "Choice: within this time, no process writes a session again that another one ended",
  },
  tombstoneBytes: {
    value: 512,
    unit: "bytes",
    description: "The tombstone of a session, without its backends",
    source: `${ON_REDIS}: 503 B each over 5,000, with an owner; at most 10,000 stay for recordLinger`,
  },
  subscriptionBytes: {
    value: 256,
    unit: "bytes",
    description: "The resource subscriptions of a session, on average",
    source:
      "Assumption: 2 URIs of 60 characters; limits.subscriptionBytes is what one session may have",
  },
  unusedBytes: {
    value: 240,
    unit: "bytes",
    description:
      "A session that its client has not used yet: the address in its record, and its entry in the list of those that give way. Such a session has no subscriptions",
    source: `${ON_REDIS}: 231 B each over 4,000; on Valkey 173 B with addresses of IPv4, 178 B with networks of IPv6`,
  },
  storeBytes: {
    value: 1.5 * 2 ** 20,
    unit: "bytes",
    description: "A store without sessions: the engine and the scripts",
    source: `${ON_REDIS}: 0.99 MB empty, 1.3 MB with the scripts and the connections of a process`,
  },
  changesBytes: {
    value: 1.25 * 2 ** 20,
    unit: "bytes",
    description: "The stream with the last 10,000 changes",
    source: `${ON_REDIS}: 116 B each`,
  },
  backlogBytes: {
    value: 64 * 2 ** 20,
    unit: "bytes",
    description: "Replication backlog of a store with replicas, which counts towards maxmemory",
    source: `Choice: repl-backlog-size; ${ON_REDIS.toLowerCase()}: with a maxmemory of 48 MiB, writes are refused once 47 MiB of the backlog are full`,
  },
  storeReserve: {
    value: 20,
    unit: "percent",
    description: "Memory of the store that is kept free",
    source: "Choice: an alert at 80 % of maxmemory fires before anything is evicted",
  },
  storeCopy: {
    value: 150,
    unit: "percent",
    description:
      "Memory of the store's container, relative to maxmemory, while it writes a copy of its data",
    source:
      "How the engine works: pages that change during a rewrite or a full sync are held twice",
  },
  storeVolume: {
    value: 300,
    unit: "percent",
    description: "Size of a store's volume, relative to maxmemory",
    source:
      "How the engine works: the append-only file, its rewrite, and what is appended meanwhile",
  },
  storeBuffers: {
    value: 100 * 2 ** 20,
    unit: "bytes",
    description:
      "The store's output buffers for replicas and clients, which do not count towards maxmemory",
    source: "Choice",
  },
  logBytes: {
    value: 64 * 2 ** 20,
    unit: "bytes",
    description: "Local disk that a container requests, for its logs",
    source: "The defaults of Kubernetes: a kubelet keeps 5 files of 10 MiB for each container",
  },
  ephemeralBytes: {
    value: 2 ** 30,
    unit: "bytes",
    description: "The limit of local disk of a container with read-only files",
    source: "Choice: room for kubelets that keep ten times the logs; beyond it a pod is evicted",
  },
  serverCpu: {
    value: 100,
    unit: "millicores",
    description: "CPU request of an MCP server's pod that does not declare its own",
    source: "Assumption: calls spend most of their time waiting",
  },
} as const satisfies Readonly<Record<string, Constant>>;
