import type { Input } from "@pulumi/pulumi";
import type { IncomingAuthType, LogLevel } from "./choices.ts";

/** Which tokens are accepted, with type jwt. */
export interface JwtArgs {
  /** The issuer of accepted tokens: exactly their iss claim. */
  issuer: Input<string>;
  /** The audience of accepted tokens, which their aud claim must contain. */
  audience: Input<string>;
  /** The issuer's public keys: the URL of a JSON Web Key Set. */
  jwks: Input<string>;
  /** The maximum clock difference to the issuer. Default: 30s. */
  clockTolerance?: string;
  /** The URL of the MCP endpoint as clients use it. Set it behind TLS. Default: http:// and the Host header of the request. */
  resource?: Input<string>;
}

/** How clients authenticate. */
export interface IncomingAuthArgs {
  /** Who may call. */
  type: IncomingAuthType;
  /** Which tokens are accepted. Required with type jwt. */
  jwt?: JwtArgs;
}

/** The lifetime and number of sessions. */
export interface SessionArgs {
  /** How long after its last message a session expires. Default: 30m for a gateway, 2h for a proxy. */
  idleTtl?: string;
  /** How long after initialize a session expires, busy or not. Default: no limit. */
  maxLifetime?: string;
  /** The maximum number of sessions that a pod caches in memory. Default: all of them. */
  cacheEntries?: number;
  /** The maximum number of concurrent sessions per principal, with jwt. Default: no limit. */
  maxPerPrincipal?: number;
  /** The maximum number of sessions that a principal may open per minute and pod, with jwt. Default: no limit. */
  initializePerMinute?: number;
}

/** The limits of a process. */
export interface LimitsArgs {
  /** The call timeout, such as 90s. Default: operational.timeouts.default. */
  callTimeout?: string;
  /** The maximum duration of a call, which progress notifications may extend it to. Drain and grace period cover it. Default: 300s. */
  callTimeoutMax?: string;
  /** The maximum size of a request body. Default: 8Mi. */
  bodyBytes?: string;
  /** The maximum number of calls in flight per backend and pod. Default: 256. */
  upstreamConnections?: number;
  /** The maximum number of client capability sets whose lists are cached. Default: 32. */
  views?: number;
  /** The maximum number of open GET streams per session. Default: 2. */
  streams?: number;
  /** The maximum number of resource subscriptions per session. Default: 256. */
  subscriptions?: number;
  /** The maximum size of the URIs of a session's resource subscriptions, together. Default: 32Ki. */
  subscriptionBytes?: string;
  /** The maximum number of calls in flight per session and process. Default: 64. */
  callsPerSession?: number;
  /** The maximum number of calls in flight per authenticated principal and process. Default: no limit. */
  callsPerPrincipal?: number;
  /** The maximum number of calls that wait for a place, per session, principal and backend. Default: 256. */
  queuedCalls?: number;
  /** How long a call waits for a place before it is refused, such as 10s. Default: 10s. */
  queueTimeout?: string;
  /** The maximum size of a client's capabilities and info in initialize. Default: 4Ki. */
  clientBytes?: string;
  /** The maximum total size of request bodies that a pod holds, at least twice bodyBytes. Default: 16Mi. */
  heldBodyBytes?: string;
  /** How much of it one client may take. Default: 2Mi. */
  bodyBytesPerClient?: string;
  /** The size of a backend's lists in one cached view, on average; all lists together may have that times views and backends. Default: 128Ki. */
  catalogBytesPerView?: string;
  /** The maximum total size of the lists that sessions have of their own, of backends with catalog: perSession. Default: 32Mi. */
  sessionCatalogBytes?: string;
}

/** How name conflicts between backends are resolved. */
export interface AggregationArgs {
  /** The prefix of tool and prompt names; {workload} stands for the name of the backend. Default: {workload}_. */
  prefixFormat?: string;
}

/** Call timeouts. */
export interface TimeoutsArgs {
  /** The call timeout. Default: 60s. */
  default?: string;
  /** Call timeouts by backend name, for backends without their own callTimeout. Default: none. */
  perWorkload?: Record<string, string>;
}

/** Health checks of backends. */
export interface FailureHandlingArgs {
  /** The interval between health checks. Default: 30s. */
  healthCheckInterval?: string;
  /** The timeout of a health check. Default: 10s, or the interval if that is shorter. */
  healthCheckTimeout?: string;
  /** Failed health checks after which a backend's tools, resources and prompts leave the lists. Default: 3. */
  unhealthyThreshold?: number;
}

/** Logging, timeouts and health checks. */
export interface OperationalArgs {
  /** The minimum severity of log lines. Default: info. */
  logLevel?: LogLevel;
  /** Call timeouts. */
  timeouts?: TimeoutsArgs;
  /** Health checks of backends. */
  failureHandling?: FailureHandlingArgs;
}

/** A key that signs session ids. It is generated once and kept in the stack's state. */
export interface SessionKeyArgs {
  /** The id of the key, used in logs: 1 to 20 lowercase letters, digits and dashes, without -key-. */
  id: string;
  /** The time from which the key signs, such as 2026-12-01T12:00:00Z; it verifies immediately. Default: immediately. */
  signAfter?: string;
}
