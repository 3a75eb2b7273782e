import { configuration } from "../settings/configuration.ts";
import type { SessionStorageSettings } from "../settings/session-storage.ts";
import { IDLE_TTL_SECONDS } from "../settings/settings.ts";
import { bytes, formatBytes, formatSeconds } from "../units.ts";
import type { Unit } from "./figure.ts";

/** What a plan may be told, as numbers. */
export interface Input {
  readonly unit: Unit;
  readonly about: string;
  readonly least: number;
  readonly most: number;
  /** May have a fraction. Default: whole numbers only. */
  readonly fraction?: true;
  /** What it is where nothing is said; absent: it has to be said, or follows from another input. */
  readonly fallback?: number;
  /** The setting that says it in a configuration. Absent: its section `load` does. */
  readonly setting?: string;
  /** `load` may say it, too, and goes before the setting. */
  readonly loadFirst?: true;
}

/** Where sessions are kept: with `memory`, in the one pod there is. */
export const STORES = ["sentinel", "redis", "memory"] as const;
export type Store = (typeof STORES)[number];

/** Where the sessions of a gateway are kept, by its settings. */
export function storeOf(storage: SessionStorageSettings): Store {
  if (storage.provider === "memory") return "memory";
  return storage.sentinel === undefined ? "redis" : "sentinel";
}

const limits = configuration.shape.limits.parse(undefined);

const MOST_SESSIONS = 10_000_000;

/** Every input: the load, what the configuration says, and the ceilings of a pod. */
export const INPUTS = {
  sessions: {
    unit: "sessions",
    about: "Sessions at a time, fleet-wide",
    setting: "session.maxSessions",
    loadFirst: true,
    least: 1,
    most: MOST_SESSIONS,
  },
  backends: {
    unit: "backends",
    about: "MCP servers behind the endpoint. Absent: as many as are described one by one",
    setting: "backends",
    least: 1,
    most: 10_000,
  },
  openedBackends: {
    unit: "backends",
    about: "Backends that a session calls. Absent: all of them",
    least: 0,
    most: 10_000,
    fraction: true,
  },
  sessionStreamBackends: {
    unit: "backends",
    about:
      "Backends where a listening session has a stream of its own: notifications: session, catalog: perSession, or resource subscriptions. Absent: those that are described so",
    least: 0,
    most: 10_000,
    fraction: true,
  },
  streamsPerSession: {
    unit: "streams",
    about: "Open GET streams of a session, on average",
    least: 0,
    most: 1000,
    fraction: true,
    fallback: 1,
  },
  callsPerSessionSecond: {
    unit: "per second",
    about: "Calls of a session per second, on average",
    least: 0,
    most: 10_000,
    fraction: true,
    fallback: 0.1,
  },
  callTimeSeconds: {
    unit: "seconds",
    about: "How long a call takes, on average",
    least: 0,
    most: 86_400,
    fraction: true,
    fallback: 1,
  },
  callsPerSecond: {
    unit: "per second",
    about: "Calls per second, fleet-wide. Absent: sessions × callsPerSessionSecond",
    least: 0,
    most: 10_000_000,
    fraction: true,
  },
  concurrentCalls: {
    unit: "calls",
    about: "Calls in flight at a time, fleet-wide. Absent: callsPerSecond × callTimeSeconds",
    least: 0,
    most: 10_000_000,
    fraction: true,
  },
  idleTtlSeconds: {
    unit: "seconds",
    about: "A session is replaced by a new one this often",
    setting: "session.idleTtl",
    least: 1,
    most: 2_073_600,
    fraction: true,
    fallback: IDLE_TTL_SECONDS.gateway,
  },
  cacheEntries: {
    unit: "sessions",
    about: "Sessions that a pod keeps ready. Absent: all of them",
    setting: "session.cacheEntries",
    least: 1,
    most: MOST_SESSIONS,
  },
  callTimeoutMaxSeconds: {
    unit: "seconds",
    about: "The longest call of all",
    setting: "limits.callTimeoutMax",
    least: 0.001,
    most: 2_073_600,
    fraction: true,
    fallback: limits.callTimeoutMax,
  },
  upstreamConnections: {
    unit: "connections",
    about: "Calls in flight per backend and pod",
    setting: "limits.upstreamConnections",
    least: 1,
    most: 65_536,
    fallback: limits.upstreamConnections,
  },
  views: {
    unit: "views",
    about: "Client capability sets, each with a stream per backend",
    setting: "limits.views",
    least: 1,
    most: 10_000,
    fallback: limits.views,
  },
  clientBytes: {
    unit: "bytes",
    about: "The most that a client says of itself",
    setting: "limits.clientBytes",
    least: 1,
    most: bytes("512Mi"),
    fallback: limits.clientBytes,
  },
  spareReplicas: {
    unit: "pods",
    about: "Pods that may be gone while the others hold everything: a node that fails, a restart",
    least: 0,
    most: 100,
    fallback: 1,
  },
  minReplicas: {
    unit: "pods",
    about: "Pods that run even where fewer would hold everything",
    least: 1,
    most: 1000,
    fallback: 1,
  },
  maxReplicas: {
    unit: "pods",
    about: "Pods that an autoscaler may go up to; 0: there is none",
    least: 0,
    most: 1000,
    fallback: 0,
  },
  storageSessions: {
    unit: "sessions",
    about:
      "Sessions that the store's volumes have room for, since a volume is not resized by growing sessions. Absent: 100,000, or sessions where these are more",
    least: 1,
    most: MOST_SESSIONS,
  },
  sessionsPerReplica: {
    unit: "sessions",
    about:
      "Ceiling: sessions that a pod serves, and so the most that come back at once when it is lost",
    least: 1,
    most: MOST_SESSIONS,
    fallback: 2000,
  },
  nofile: {
    unit: "descriptors",
    about:
      "Ceiling: the hard limit of a container; the default is that of containerd 2 under systemd",
    setting: "nofile.required",
    loadFirst: true,
    least: 1,
    most: 2 ** 30,
    fallback: 524_288,
  },
  memoryBytes: {
    unit: "bytes",
    about: "Ceiling: the memory of a pod",
    least: 1,
    most: bytes("1Ti"),
    fallback: bytes("2Gi"),
  },
  eventLoopPercent: {
    unit: "percent",
    about:
      "Ceiling: the share of one core that calls may take, the rest being for bursts and garbage",
    least: 1,
    most: 100,
    fallback: 50,
  },
} as const satisfies Readonly<Record<string, Input>>;

export type InputName = keyof typeof INPUTS;

/** Every input, with its default filled in. */
export type CompleteInputs = Readonly<Record<InputName, number>> & { readonly store: Store };

/** What a plan is asked: `INPUTS` says what each means, and its default. */
export interface PlanInputs extends Partial<CompleteInputs> {
  readonly sessions: number;
}

/** The sessions that the volumes of a store have room for, where nobody says more. */
export const STORAGE_SESSIONS = 100_000;

const isInputName = (name: string): name is InputName => Object.hasOwn(INPUTS, name);

/** The names of all inputs, in the order of `INPUTS`. */
export const INPUT_NAMES: readonly InputName[] = Object.keys(INPUTS).filter(isInputName);

/** The key of an input where its value carries its unit, as people write it: `callTimeoutMaxSeconds: 600` is `callTimeoutMax: 10m`. */
export function inputKey(name: string): string {
  return name.replace(/Seconds$/, "");
}

/** An input as a person would write it: `2Gi`, `5m`, `256`. */
export function printInput(name: InputName, value: number): string {
  const { unit } = INPUTS[name];
  if (unit === "bytes") return formatBytes(value);
  return unit === "seconds" ? formatSeconds(value) : String(value);
}
