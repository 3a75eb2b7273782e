import type { Engine } from "./engine.ts";
import type { ScriptFile } from "./scripts.ts";

/** The name of the master at the Sentinels. */
export const MASTER_NAME = "mcp-fleet";

export const REDIS_PORT = 6379;
export const SENTINEL_PORT = 26379;

/** The mount paths of the volumes, in both kinds of pods. */
export const MOUNTS = {
  /** ConfigMap: `scriptFiles()`. */
  scripts: "/mcp-fleet/scripts",
  /** ConfigMaps: redis.conf and limits, or sentinel.conf. */
  configuration: "/mcp-fleet/configuration",
  /** Secret: `nodeSecret()` or `sentinelSecret()`. */
  secrets: "/mcp-fleet/secrets",
  /** Secret: tls.crt, tls.key and ca.crt. */
  tls: "/mcp-fleet/tls",
  /** The persistent volume, or an emptyDir. */
  data: "/data",
  /** An emptyDir in memory, for the rendered configuration with its passwords. */
  run: "/run/mcp-fleet",
} as const;

/** How long it takes a pod to notice a changed file. Until a node has it, a kubelet takes up to a minute. */
const RELOAD_SECONDS = 10;

export interface Group {
  readonly engine: Engine;
  /** The Services of the servers by ordinal, as name or address. Servers announce the address, which must never change. */
  readonly nodes: readonly string[];
  /** The Services of the Sentinels by ordinal. */
  readonly sentinels: readonly string[];
  /** Default: no TLS. */
  readonly tls?: boolean;
}

/** The environment of the scripts, except for POD_NAME, which is `metadata.name` of the downward API. */
export function podEnvironment({
  engine,
  nodes,
  sentinels,
  tls = false,
}: Group): Record<string, string> {
  return {
    ENGINE: engine,
    MASTER_NAME,
    NODES: nodes.join(" "),
    SENTINELS: sentinels.join(" "),
    QUORUM: String(Math.floor(sentinels.length / 2) + 1),
    PORT: String(REDIS_PORT),
    SENTINEL_PORT: String(SENTINEL_PORT),
    CONFIGURATION: MOUNTS.configuration,
    SECRETS: MOUNTS.secrets,
    TLS: tls ? MOUNTS.tls : "",
    DATA: MOUNTS.data,
    RUN: MOUNTS.run,
    RELOAD_SECONDS: String(RELOAD_SECONDS),
  };
}

/** The timing of a probe. Its script waits at most 2 s for each answer, so it ends before the timeout. */
export interface ProbeRhythm {
  readonly periodSeconds: number;
  readonly timeoutSeconds: number;
  readonly failureThreshold: number;
}

/** A server that does not answer for a minute is restarted. */
const LIVENESS: ProbeRhythm = { periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 6 };
const READINESS: ProbeRhythm = { periodSeconds: 5, timeoutSeconds: 5, failureThreshold: 3 };
/** Five minutes to find the master and to load the data from the volume. */
const STARTUP: ProbeRhythm = { periodSeconds: 5, timeoutSeconds: 5, failureThreshold: 60 };

const PROBES = { startup: STARTUP, liveness: LIVENESS, readiness: READINESS } as const;

/** The container of a data pod. */
export const NODE = {
  start: command("start-node.sh"),
  preStop: command("pre-stop.sh"),
  alive: command("probe-alive.sh", "node"),
  ready: command("probe-node.sh"),
  probes: PROBES,
  /** Two attempts to hand over, 15 s and 12 s; 15 s to settle; 10 s to wait for replicas; the rest is reserve. */
  graceSeconds: 60,
  /** Sentinels query a server every 10 s: the next pod is stopped only when they know that this one is back. */
  minReadySeconds: 15,
} as const;

/** The container of a Sentinel. */
export const SENTINEL = {
  start: command("start-sentinel.sh"),
  alive: command("probe-alive.sh", "sentinel"),
  ready: command("probe-sentinel.sh"),
  probes: PROBES,
  graceSeconds: 10,
  minReadySeconds: 10,
} as const;

function command(script: ScriptFile, ...args: string[]): readonly string[] {
  return ["sh", `${MOUNTS.scripts}/${script}`, ...args];
}
