import { AUDIT_QUEUE_BYTES } from "../settings/audit.ts";
import { configuration, HELD_BODY_BYTES } from "../settings/configuration.ts";
import { CLUSTER_SHARDS, type SessionStorageSettings } from "../settings/session-storage.ts";
import { IDLE_TTL_SECONDS } from "../settings/settings.ts";
import { QUEUED_SPANS } from "../settings/telemetry.ts";
import { bytes, formatBytes, formatSeconds } from "../units.ts";
import type { Unit } from "./figure.ts";

/** A number that a plan takes as input. */
export interface Input {
  readonly unit: Unit;
  readonly description: string;
  readonly min: number;
  readonly max: number;
  /** Whether fractions are allowed. Default: whole numbers only. */
  readonly fraction?: true;
  /** Absent: the input is required, or its default follows from another input. */
  readonly default?: number;
  /** The setting of a configuration that is this input. Absent: its section `load` has it. */
  readonly setting?: string;
  /** Whether the section `load` may have it too, and then takes precedence over the setting. */
  readonly loadFirst?: true;
}

/** Where sessions are kept; `memory` allows one pod only. */
export const STORES = ["sentinel", "cluster", "redis", "memory"] as const;
export type Store = (typeof STORES)[number];

/** Where the sessions of a gateway are kept, by its settings. */
export function storeOf(storage: SessionStorageSettings): Store {
  if (storage.provider === "memory") return "memory";
  if (storage.cluster !== undefined) return "cluster";
  return storage.sentinel === undefined ? "redis" : "sentinel";
}

const limits = configuration.shape.limits.parse(undefined);

const MAX_SESSIONS = 10_000_000;

/** Every input: the load, settings that affect it, and the ceilings of a pod. */
export const INPUTS = {
  sessions: {
    unit: "sessions",
    description: "Concurrent sessions, fleet-wide",
    setting: "session.maxSessions",
    loadFirst: true,
    min: 1,
    max: MAX_SESSIONS,
  },
  backends: {
    unit: "backends",
    description: "MCP servers behind the endpoint",
    setting: "backends",
    min: 1,
    max: 10_000,
  },
  openedBackends: {
    unit: "backends",
    description: "Backends that a session calls, on average. Absent: all of them",
    min: 0,
    max: 10_000,
    fraction: true,
  },
  sessionStreamBackends: {
    unit: "backends",
    description:
      "Backends where each listening session keeps a stream open: with notifications: session, catalog: perSession, transport: sse, or resource subscriptions. Absent: counted from the servers that are given one by one",
    min: 0,
    max: 10_000,
    fraction: true,
  },
  statefulBackends: {
    unit: "backends",
    description:
      "Other backends with stateful: true, where sessions of clients that can be asked keep a stream open. Absent: counted from the servers that are given one by one",
    min: 0,
    max: 10_000,
    fraction: true,
  },
  askableSessionsPercent: {
    unit: "percent",
    description:
      "Share of sessions whose clients declare roots, sampling or elicitation: they have a stream open at each backend while calls run there, and for limits.sessionStreamLinger after the last one. 0 where backends offer no such stream",
    min: 0,
    max: 100,
    fraction: true,
    default: 100,
  },
  streamsPerSession: {
    unit: "streams",
    description: "Open GET streams per session, on average",
    min: 0,
    max: 1000,
    fraction: true,
    default: 1,
  },
  callsPerSessionSecond: {
    unit: "per second",
    description: "Calls per session and second, on average",
    min: 0,
    max: 10_000,
    fraction: true,
    default: 0.1,
  },
  callTimeSeconds: {
    unit: "seconds",
    description: "Duration of a call, on average",
    min: 0,
    max: 86_400,
    fraction: true,
    default: 1,
  },
  callsPerSecond: {
    unit: "per second",
    description: "Calls per second, fleet-wide. Absent: sessions × callsPerSessionSecond",
    min: 0,
    max: 10_000_000,
    fraction: true,
  },
  concurrentCalls: {
    unit: "calls",
    description: "Calls in flight, fleet-wide. Absent: callsPerSecond × callTimeSeconds",
    min: 0,
    max: 10_000_000,
    fraction: true,
  },
  idleTtlSeconds: {
    unit: "seconds",
    description: "How often a session is assumed to be replaced by a new one",
    setting: "session.idleTtl",
    min: 1,
    max: 2_073_600,
    fraction: true,
    default: IDLE_TTL_SECONDS.gateway,
  },
  cacheEntries: {
    unit: "sessions",
    description: "Sessions that a pod caches. Absent: all of them",
    setting: "session.cacheEntries",
    min: 1,
    max: MAX_SESSIONS,
  },
  callTimeoutMaxSeconds: {
    unit: "seconds",
    description: "The longest possible call",
    setting: "limits.callTimeoutMax",
    min: 0.001,
    max: 2_073_600,
    fraction: true,
    default: limits.callTimeoutMax,
  },
  sessionStreamLingerSeconds: {
    unit: "seconds",
    description: "How long the stream of a session stays open after its last call at a backend",
    setting: "limits.sessionStreamLinger",
    min: 0.001,
    max: 2_073_600,
    fraction: true,
    default: limits.sessionStreamLinger,
  },
  upstreamConnections: {
    unit: "connections",
    description: "Maximum calls in flight per backend and pod",
    setting: "limits.upstreamConnections",
    min: 1,
    max: 65_536,
    default: limits.upstreamConnections,
  },
  views: {
    unit: "views",
    description: "Distinct client capability sets, each with a stream per backend",
    setting: "limits.views",
    min: 1,
    max: 10_000,
    default: limits.views,
  },
  catalogBytesPerView: {
    unit: "bytes",
    description: "Size of the lists of one backend in one cached view, on average",
    setting: "limits.catalogBytesPerView",
    min: 1,
    max: bytes("512Mi"),
    default: limits.catalogBytesPerView,
  },
  sessionCatalogBytes: {
    unit: "bytes",
    description:
      "Maximum total size of the lists that sessions have of their own. Absent: 0, or that of the setting where a server has catalog: perSession",
    setting: "limits.sessionCatalogBytes",
    loadFirst: true,
    min: 0,
    max: bytes("512Mi"),
  },
  credentialBytes: {
    unit: "bytes",
    description:
      "Maximum total size of the tokens that a pod holds for backends. Absent: 0, or that of the setting where a backend's strategy gets tokens",
    setting: "limits.credentialBytes",
    loadFirst: true,
    min: 0,
    max: bytes("512Mi"),
  },
  tokenCacheBytes: {
    unit: "bytes",
    description:
      "Maximum size of the clients' tokens that a pod remembers, and of as many bytes of proofs of possession. Absent: 0, or that of the setting with incomingAuth jwt or oidc",
    setting: "incomingAuth.oidc.cacheBytes",
    loadFirst: true,
    min: 0,
    max: bytes("512Mi"),
  },
  clientBytes: {
    unit: "bytes",
    description: "Maximum size of a client's initialize parameters",
    setting: "limits.clientBytes",
    min: 1,
    max: bytes("512Mi"),
    default: limits.clientBytes,
  },
  heldBytes: {
    unit: "bytes",
    description: "Maximum total size of servers' messages that a pod holds as a whole",
    setting: "limits.heldBytes",
    min: 1,
    max: bytes("512Mi"),
    default: limits.heldBytes,
  },
  heldBodyBytes: {
    unit: "bytes",
    description: "Maximum total size of clients' request bodies that a pod holds",
    setting: "limits.heldBodyBytes",
    ...HELD_BODY_BYTES,
    default: limits.heldBodyBytes,
  },
  cachedDecisions: {
    unit: "decisions",
    description: "Decisions by Cedar policies that a pod keeps; 0: no authorization by policies",
    min: 0,
    max: 10_000_000,
    default: 0,
  },
  queuedSpans: {
    unit: "spans",
    description: "Spans that wait in a pod for the OpenTelemetry collector; 0: nothing is exported",
    min: 0,
    max: QUEUED_SPANS.max,
    default: 0,
  },
  auditQueueBytes: {
    unit: "bytes",
    description: "Audit events that wait in a pod to be written; 0: none are written",
    min: 0,
    max: AUDIT_QUEUE_BYTES.max,
    default: 0,
  },
  programs: {
    unit: "processes",
    description:
      "Programs of servers over stdio that a pod runs at a time; 0: none. Absent: the sum of process.max",
    min: 0,
    max: 1_000_000,
    default: 0,
  },
  programBytes: {
    unit: "bytes",
    description:
      "Memory of all programs of a pod together. Absent: the sum of process.max × process.memory",
    min: 0,
    max: bytes("1Ti"),
    default: 0,
  },
  spareReplicas: {
    unit: "pods",
    description:
      "Pods that may be lost while the others hold every session: a failed node, a restart",
    min: 0,
    max: 100,
    default: 1,
  },
  minReplicas: {
    unit: "pods",
    description: "Minimum number of pods, even where fewer would hold every session",
    min: 1,
    max: 1000,
    default: 1,
  },
  maxReplicas: {
    unit: "pods",
    description: "Maximum number of pods of an autoscaler; 0: no autoscaler",
    min: 0,
    max: 1000,
    default: 0,
  },
  storageSessions: {
    unit: "sessions",
    description:
      "Sessions that the store's volumes have room for: volumes do not grow with sessions. Absent: 100,000, or sessions where that is more",
    min: 1,
    max: MAX_SESSIONS,
  },
  storeShards: {
    unit: "shards",
    description: "Shards of the store, if it is a cluster: a pod may connect to each",
    setting: "sessionStorage.cluster.shards",
    min: 1,
    max: 1000,
    default: CLUSTER_SHARDS,
  },
  sessionsPerReplica: {
    unit: "sessions",
    description:
      "Ceiling: sessions per pod, and so the number that reconnect at once when a pod is lost",
    min: 1,
    max: MAX_SESSIONS,
    default: 2000,
  },
  nofile: {
    unit: "descriptors",
    description:
      "Ceiling: the hard limit of open files of a container; the default is that of containerd 2 under systemd",
    setting: "nofile.required",
    loadFirst: true,
    min: 1,
    max: 2 ** 30,
    default: 524_288,
  },
  memoryBytes: {
    unit: "bytes",
    description: "Ceiling: memory of a pod",
    min: 1,
    max: bytes("1Ti"),
    default: bytes("2Gi"),
  },
  eventLoopPercent: {
    unit: "percent",
    description:
      "Ceiling: share of one core that calls may use; the rest is for bursts and garbage collection",
    min: 1,
    max: 100,
    default: 50,
  },
} as const satisfies Readonly<Record<string, Input>>;

export type InputName = keyof typeof INPUTS;

/** Every input, with its default filled in. */
export type CompleteInputs = Readonly<Record<InputName, number>> & { readonly store: Store };

/** The inputs that users give: `INPUTS` says what each means, and its default. */
export interface PlanInputs extends Partial<CompleteInputs> {
  readonly sessions: number;
}

/** What sessions' own lists may have by default, where there are any. */
export const SESSION_CATALOG_BYTES = limits.sessionCatalogBytes;

/** What tokens may have by default, where any are got. */
export const CREDENTIAL_BYTES = limits.credentialBytes;

/** The sessions that a store's volumes have room for by default. */
export const STORAGE_SESSIONS = 100_000;

const isInputName = (name: string): name is InputName => Object.hasOwn(INPUTS, name);

/** The names of all inputs, in the order of `INPUTS`. */
export const INPUT_NAMES: readonly InputName[] = Object.keys(INPUTS).filter(isInputName);

/** The key of an input with a unit in its value: `callTimeoutMaxSeconds: 600` is `callTimeoutMax: 10m`. */
export function inputKey(name: string): string {
  return name.replace(/Seconds$/, "");
}

/** An input as people write it: `2Gi`, `5m`, `256`. */
export function printInput(name: InputName, value: number): string {
  const { unit } = INPUTS[name];
  if (unit === "bytes") return formatBytes(value);
  return unit === "seconds" ? formatSeconds(value) : String(value);
}
