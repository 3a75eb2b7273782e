import type * as z from "zod";
import { seconds } from "../units.ts";
import { type AggregationSettings, aggregationOf } from "./aggregation.ts";
import { type AuditSettings, auditOf } from "./audit.ts";
import { type AuthorizationSettings, authorizationOf } from "./authorization.ts";
import { type BackendSettings, backendOf } from "./backend.ts";
import type { configuration } from "./configuration.ts";
import type { DiscoverySettings } from "./discovery-directory.ts";
import { type IncomingAuthSettings, incomingAuthOf } from "./incoming-auth.ts";
import { type BackendAuth, backendAuthOf } from "./outgoing-auth.ts";
import { type RateLimitSettings, rateLimitsOf } from "./rate-limiting.ts";
import { type SessionStorageSettings, sessionStorageOf } from "./session-storage.ts";
import { prometheusOf, type TelemetrySettings, telemetryOf } from "./telemetry.ts";

/** When calls to a pod that keeps failing are not sent any more. */
export interface CircuitBreakerSettings {
  /** Failures in a row. */
  readonly failureThreshold: number;
  /** How long it stays open, plus up to a quarter. */
  readonly timeoutSeconds: number;
  /** Absent: only failures in a row count. */
  readonly failureRatePercent?: number;
  readonly windowSeconds: number;
  readonly minimumCalls: number;
  /** How many calls try the pod at a time after that. */
  readonly probes: number;
}

/** What a process is: one endpoint for many backends, or the proxy of one. */
export type Role = "gateway" | "proxy";

/**
 * The settings that the runtime reads: a configuration with every default filled in, and every number in one
 * unit. Deeply frozen. `docs/settings.md` describes each of them.
 */
export interface Settings extends IncomingAuthSettings {
  readonly role: Role;
  readonly name: string;
  readonly groupRef?: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly host: string;
  readonly port: number;
  readonly adminPort: number;
  readonly logLevel: "debug" | "info" | "warn" | "error" | "silent";
  readonly allowedHosts?: readonly string[];
  readonly allowedOrigins?: readonly string[];
  /** Those of the configuration itself: at least one unless there is `discovery`. Names are unique. */
  readonly backends: readonly BackendSettings[];
  readonly aggregation: AggregationSettings;
  /** How requests to backends are authenticated, also to those that are not there yet. Absent: they are not. */
  readonly strategies?: readonly BackendAuth[];
  /** Absent: there are no other backends. */
  readonly discovery?: DiscoverySettings;
  /** How a changed configuration is taken over. */
  readonly configuration: { readonly observeSeconds: number; readonly tolerancePercent: number };
  readonly session: {
    readonly idleTtlSeconds: number;
    /** Absent: no limit. */
    readonly maxLifetimeSeconds?: number;
    readonly maxSessions: number;
    readonly cacheEntries: number;
    /** Absent: no limit per principal. */
    readonly maxPerPrincipal?: number;
    /** Per principal and process. Absent: no limit. */
    readonly initializePerMinute?: number;
    /** Absent: the keys come from the environment, or are random. */
    readonly keysFile?: string;
    readonly firstUseTimeoutSeconds: number;
  };
  readonly sessionStorage: SessionStorageSettings;
  readonly limits: {
    readonly bodyBytes: number;
    readonly callTimeoutSeconds: number;
    readonly callTimeoutMaxSeconds: number;
    readonly connectTimeoutSeconds: number;
    readonly podLossAfterSeconds: number;
    readonly initializeTimeoutSeconds: number;
    readonly requestTimeoutSeconds: number;
    readonly keepAliveSeconds: number;
    readonly upstreamConnections: number;
    readonly batchMessages: number;
    readonly views: number;
    readonly subscriptions: number;
    readonly clientBytes: number;
    readonly streams: number;
    readonly catalogRefreshSeconds: number;
    readonly subscriptionBytes: number;
    readonly callsPerSession: number;
    /** Absent: no limit per principal. */
    readonly callsPerPrincipal?: number;
    readonly queuedCalls: number;
    readonly queueTimeoutSeconds: number;
    readonly catalogRecheckSeconds: number;
    readonly catalogItems: number;
    readonly catalogPages: number;
    readonly catalogBytes: number;
    readonly catalogTemplates: number;
    readonly bodyDepth: number;
    readonly bodyMembers: number;
    readonly serverRequests: number;
    readonly messageBytes: number;
    readonly heldBytes: number;
    readonly sessionStreamWaitSeconds: number;
    readonly sessionStreamLingerSeconds: number;
    readonly heldBodyBytes: number;
    readonly bodyBytesPerClient: number;
    readonly catalogBytesPerView: number;
    readonly catalogReads: number;
    readonly crowdedPercent: number;
    readonly sessionCatalogBytes: number;
    readonly listWaitSeconds: number;
    readonly credentialBytes: number;
    readonly credentialTimeoutSeconds: number;
  };
  readonly drain: {
    /** From SIGTERM until the listener closes. */
    readonly lingerSeconds: number;
  };
  /** How the pods of backends are resolved. */
  readonly dns: {
    /** Absent: the servers of the system. */
    readonly servers?: readonly string[];
    readonly refreshSeconds: number;
  };
  /** Where other processes reach the admin port. Absent: found by the process. */
  readonly peerHost?: string;
  /** What happens where the limit of open files is too low. */
  readonly nofile: {
    readonly mode: "enforce" | "degrade";
    /** The limit that the process was planned with. Absent: what these settings need. */
    readonly required?: number;
  };
  /** Absent: metrics have no port of their own. */
  readonly metricsPort?: number;
  /** Metrics are where clients are, too. */
  readonly metricsOnMcpPort?: true;
  /** Absent: neither traces nor metrics are exported. */
  readonly telemetry?: TelemetrySettings;
  /** IP addresses and networks in CIDR notation. */
  readonly trustedProxies: readonly string[];
  /** What clients are told of changed lists. */
  readonly listChanged: {
    readonly enabled: boolean;
    readonly disabledWorkloads: readonly string[];
  };
  /** Absent: every client may do everything. */
  readonly authorization?: AuthorizationSettings;
  /** Absent: no events are written. */
  readonly audit?: AuditSettings;
  /** Absent: nothing is limited. */
  readonly rateLimits?: RateLimitSettings;
  readonly health: {
    readonly intervalSeconds: number;
    readonly timeoutSeconds: number;
    /** Of the process's own session at a backend. */
    readonly initializeTimeoutSeconds: number;
    readonly unhealthyThreshold: number;
    readonly partialFailureMode: "best_effort" | "fail";
    /** Absent: the state of the backends is not logged at intervals. */
    readonly statusReportingSeconds?: number;
    /** Absent: off. */
    readonly circuitBreaker?: CircuitBreakerSettings;
  };
}

type Parsed = z.output<typeof configuration>;

/** The default timeout of a health check is at most this: ToolHive's default. */
const HEALTH_TIMEOUT_SECONDS = seconds("10s");

/** The settings of a valid configuration. */
export function settingsOf(parsed: Parsed, role: Role): Settings {
  const { name, groupRef, metadata, host, port, adminPort } = parsed;
  const { allowedHosts, allowedOrigins, peerHost } = parsed;
  const { servers, refresh } = parsed.dns;
  const { outgoingAuth } = parsed;
  const strategies = strategiesOf(outgoingAuth);
  // Proxies of two servers may share a store and keys, but not sessions.
  const server = role === "proxy" ? parsed.backends[0]?.name : undefined;
  const authorization = authorizationOf(parsed.incomingAuth?.authz);
  const telemetry = telemetryOf(parsed.telemetry, name);
  const audit = auditOf(parsed.audit);
  const rateLimits = rateLimitsOf(parsed.rateLimiting);
  const perWorkload = new Map(Object.entries(parsed.operational.timeouts.perWorkload));
  return frozen({
    role,
    name,
    ...(groupRef !== undefined && { groupRef }),
    metadata,
    host,
    port,
    adminPort,
    logLevel: parsed.operational.logLevel,
    ...(allowedHosts && { allowedHosts }),
    ...(allowedOrigins && { allowedOrigins }),
    ...incomingAuthOf(parsed.incomingAuth),
    ...(authorization && { authorization }),
    ...(audit && { audit }),
    ...(rateLimits && { rateLimits }),
    ...(strategies.length > 0 && { strategies }),
    backends: parsed.backends.map((backend) =>
      backendOf(backend, role, {
        callTimeoutSeconds: backend.callTimeout ?? perWorkload.get(backend.name),
        auth: backendAuthOf(outgoingAuth?.backends?.[backend.name] ?? outgoingAuth?.default),
        passthroughHeaders: parsed.passthroughHeaders,
      }),
    ),
    aggregation: aggregationOf(parsed.aggregation),
    ...discoveryOf(parsed.discovery),
    configuration: {
      observeSeconds: parsed.configuration.observe,
      tolerancePercent: parsed.configuration.tolerancePercent,
    },
    session: sessionOf(parsed.session, role),
    sessionStorage: sessionStorageOf(parsed.sessionStorage, server),
    limits: limitsOf(parsed),
    drain: { lingerSeconds: parsed.drain.linger },
    dns: { ...(servers && { servers }), refreshSeconds: refresh },
    ...(peerHost !== undefined && { peerHost }),
    nofile: nofileOf(parsed.nofile),
    ...prometheusOf(parsed.telemetry),
    ...(parsed.metricsPort !== undefined && { metricsPort: parsed.metricsPort }),
    ...(telemetry && { telemetry }),
    trustedProxies: parsed.trustedProxies,
    health: healthOf(parsed.operational),
    listChanged: parsed.operational.listChanged,
  });
}

/** Every strategy that is named, also for backends that are not there yet. */
function strategiesOf(outgoingAuth: Parsed["outgoingAuth"]): BackendAuth[] {
  const { default: usual, backends = {} } = outgoingAuth ?? {};
  return [usual, ...Object.values(backends)].flatMap((one) => backendAuthOf(one) ?? []);
}

/** Clients of a proxy come back to their one stateful server after longer pauses. */
export const IDLE_TTL_SECONDS = { gateway: seconds("30m"), proxy: seconds("2h") };

function sessionOf(session: Parsed["session"], role: Role): Settings["session"] {
  const { idleTtl = IDLE_TTL_SECONDS[role] } = session;
  const { maxLifetime, maxSessions, cacheEntries = maxSessions } = session;
  const { maxPerPrincipal, initializePerMinute, keysFile } = session;
  return {
    idleTtlSeconds: idleTtl,
    ...(maxLifetime !== undefined && { maxLifetimeSeconds: maxLifetime }),
    maxSessions,
    cacheEntries,
    ...(maxPerPrincipal !== undefined && { maxPerPrincipal }),
    ...(initializePerMinute !== undefined && { initializePerMinute }),
    ...(keysFile !== undefined && { keysFile }),
    firstUseTimeoutSeconds: session.firstUseTimeout,
  };
}

function discoveryOf(discovery: Parsed["discovery"]): Pick<Settings, "discovery"> {
  const { directory, maxBackends, fileBytes } = discovery;
  return directory === undefined ? {} : { discovery: { directory, maxBackends, fileBytes } };
}

function nofileOf({ mode, required }: Parsed["nofile"]): Settings["nofile"] {
  return { mode, ...(required !== undefined && { required }) };
}

function limitsOf({ limits, operational }: Parsed): Settings["limits"] {
  return {
    bodyBytes: limits.bodyBytes,
    callTimeoutSeconds: limits.callTimeout ?? operational.timeouts.default,
    callTimeoutMaxSeconds: limits.callTimeoutMax,
    connectTimeoutSeconds: limits.connectTimeout,
    podLossAfterSeconds: limits.podLossAfter,
    initializeTimeoutSeconds: operational.timeouts.backendInit ?? limits.initializeTimeout,
    requestTimeoutSeconds: limits.requestTimeout,
    keepAliveSeconds: limits.keepAlive,
    upstreamConnections: limits.upstreamConnections,
    batchMessages: limits.batchMessages,
    views: limits.views,
    subscriptions: limits.subscriptions,
    clientBytes: limits.clientBytes,
    streams: limits.streams,
    catalogRefreshSeconds: limits.catalogRefresh,
    subscriptionBytes: limits.subscriptionBytes,
    callsPerSession: limits.callsPerSession,
    ...(limits.callsPerPrincipal !== undefined && { callsPerPrincipal: limits.callsPerPrincipal }),
    queuedCalls: limits.queuedCalls,
    queueTimeoutSeconds: limits.queueTimeout,
    catalogRecheckSeconds: limits.catalogRecheck,
    catalogItems: limits.catalogItems,
    catalogPages: limits.catalogPages,
    catalogBytes: limits.catalogBytes,
    catalogTemplates: limits.catalogTemplates,
    bodyDepth: limits.bodyDepth,
    bodyMembers: limits.bodyMembers,
    serverRequests: limits.serverRequests,
    messageBytes: limits.messageBytes,
    heldBytes: limits.heldBytes,
    sessionStreamWaitSeconds: limits.sessionStreamWait,
    sessionStreamLingerSeconds: limits.sessionStreamLinger,
    heldBodyBytes: limits.heldBodyBytes,
    bodyBytesPerClient: limits.bodyBytesPerClient,
    catalogBytesPerView: limits.catalogBytesPerView,
    catalogReads: limits.catalogReads,
    crowdedPercent: limits.crowdedPercent,
    sessionCatalogBytes: limits.sessionCatalogBytes,
    listWaitSeconds: limits.listWait,
    credentialBytes: limits.credentialBytes,
    credentialTimeoutSeconds: limits.credentialTimeout,
  };
}

function healthOf({
  failureHandling: handling,
  timeouts,
}: Parsed["operational"]): Settings["health"] {
  const { healthCheckInterval, healthCheckTimeout, statusReportingInterval } = handling;
  const timeoutSeconds =
    healthCheckTimeout ?? Math.min(HEALTH_TIMEOUT_SECONDS, healthCheckInterval);
  return {
    intervalSeconds: healthCheckInterval,
    timeoutSeconds,
    initializeTimeoutSeconds: timeouts.backendInit ?? timeoutSeconds,
    unhealthyThreshold: handling.unhealthyThreshold,
    partialFailureMode: handling.partialFailureMode,
    ...(statusReportingInterval !== undefined && {
      statusReportingSeconds: statusReportingInterval,
    }),
    ...(handling.circuitBreaker.enabled && {
      circuitBreaker: circuitBreakerOf(handling.circuitBreaker),
    }),
  };
}

function circuitBreakerOf(
  breaker: Parsed["operational"]["failureHandling"]["circuitBreaker"],
): CircuitBreakerSettings {
  const { failureThreshold, timeout, failureRatePercent, window, minimumCalls, probes } = breaker;
  return {
    failureThreshold,
    timeoutSeconds: timeout,
    ...(failureRatePercent !== undefined && { failureRatePercent }),
    windowSeconds: window,
    minimumCalls,
    probes,
  };
}

function frozen<T extends object>(value: T): T {
  for (const inner of Object.values(value)) {
    if (typeof inner === "object" && inner !== null) frozen(inner);
  }
  return Object.freeze(value);
}
