import type { Input } from "@pulumi/pulumi";
import type { AuthzArgs } from "./authz-args.ts";
import type { IncomingAuthType, LogLevel, PartialFailureMode } from "./choices.ts";
import type { OidcArgs } from "./oidc-args.ts";

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
  /** Which tokens are accepted. Required with type oidc. */
  oidc?: OidcArgs;
  /** What they may use. Default: everything. */
  authz?: AuthzArgs;
}

/** The lifetime and number of sessions. */
export interface SessionArgs {
  /** How long after its last message a session expires. Default: 30m for a gateway, 2h for a proxy. */
  idleTtl?: string;
  /** How long after initialize a session expires, busy or not. Default: no limit. */
  maxLifetime?: string;
  /** The maximum number of sessions that a pod caches in memory. Default: all of them. */
  cacheEntries?: number;
  /** The maximum number of concurrent sessions per principal, with jwt or oidc. Default: no limit. */
  maxPerPrincipal?: number;
  /** The maximum number of sessions that a principal may open per minute and pod, with jwt or oidc. Default: no limit. */
  initializePerMinute?: number;
  /** How long a client has to use its session, by a request or a GET stream. After that, the session may end to make room for others. Default: 10s. */
  firstUseTimeout?: string;
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
  /** The maximum number of calls in flight per session, backend and process. Default: 64. */
  callsPerSession?: number;
  /** The maximum number of calls in flight per authenticated principal, backend and process. Default: no limit. */
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
  /** The timeout for connecting to a backend. Default: 10s. */
  connectTimeout?: string;
  /** How long a pod may accept no connection before it counts as gone and its sessions as lost. Default: 10s. */
  podLossAfter?: string;
  /** The timeout for opening a session at a backend. Default: 30s. */
  initializeTimeout?: string;
  /** The timeout for receiving a client's whole request. Default: 30s. */
  requestTimeout?: string;
  /** The interval between keep-alive comments on an idle event stream. Default: 15s. */
  keepAlive?: string;
  /** The maximum number of messages in a JSON-RPC batch. Default: 100. */
  batchMessages?: number;
  /** How often each list of a backend is requested that does not announce its changes. Default: 60s. */
  catalogRefresh?: string;
  /** How often a list is requested whose changes the backend announces. Default: 10m. */
  catalogRecheck?: string;
  /** The maximum number of items that are read of each list of a backend. Default: 5000. */
  catalogItems?: number;
  /** The maximum number of pages that are read of each list of a backend. Default: 1000. */
  catalogPages?: number;
  /** The maximum size of each list of a backend. Default: 4Mi. */
  catalogBytes?: string;
  /** The maximum number of resource templates that are read of a backend. Default: 500. */
  catalogTemplates?: number;
  /** The maximum number of lists of backends that are read at the same time; each backend gets an equal share. Default: 256. */
  catalogReads?: number;
  /** The maximum depth of objects and arrays inside each other in a client's request body. Default: 128. */
  bodyDepth?: number;
  /** The maximum number of members and elements in a client's request body. Default: 100000. */
  bodyMembers?: number;
  /** The maximum number of requests that a server may send to the client during a call, and per minute outside of calls. Default: 100. */
  serverRequests?: number;
  /** The maximum size of a server's message that must be held whole. Default: 16Mi. */
  messageBytes?: string;
  /** The maximum total size of such messages that a pod holds, and of what clients have not read on their streams. Default: 32Mi. */
  heldBytes?: string;
  /** How long the first call of a session to a backend waits for the session's stream there. Default: 2s. */
  sessionStreamWait?: string;
  /** How long such a stream stays open after the last call, for the next one. Default: 30s. */
  sessionStreamLinger?: string;
  /** The share of the sessions and connections of a pod, in percent, from which a client address that holds its fair share gets no more. Default: 80. */
  crowdedPercent?: number;
  /** The maximum total size of the lists that sessions have of their own, of backends with catalog: perSession. Default: 32Mi. */
  sessionCatalogBytes?: string;
  /** How long a list, or the first call of a session, waits for backends whose lists are not known yet. Default: 5s. */
  listWait?: string;
  /** The maximum total size of the tokens that a pod holds for backends, and of those of clients that it exchanges for them. Default: 16Mi. */
  credentialBytes?: string;
  /** The timeout for a request to a token endpoint. Default: 5s. */
  credentialTimeout?: string;
}

/** Call timeouts. */
export interface TimeoutsArgs {
  /** The call timeout. Default: 60s. */
  default?: string;
  /** Call timeouts by backend name, for backends without their own callTimeout. Default: none. */
  perWorkload?: Record<string, string>;
  /** The timeout for opening a session at a backend. Default: limits.initializeTimeout. */
  backendInit?: string;
}

/** What clients are told of changed lists. */
export interface ListChangedArgs {
  /** Whether they are told at all. Default: true. */
  enabled?: boolean;
  /** The backends whose changes they are not told of. Default: none. */
  disabledWorkloads?: string[];
}

/** When calls to a pod that keeps failing are answered immediately, or sent to another pod, instead of waiting for it. */
export interface CircuitBreakerArgs {
  /** Whether there are circuit breakers. Default: false. */
  enabled?: boolean;
  /** After how many failures in a row the breaker of a pod opens. Default: 5. */
  failureThreshold?: number;
  /** How long it stays open, plus up to a quarter. Default: 60s. */
  timeout?: string;
  /** The share of failures within the window, in percent, from which it opens too. Default: only failures in a row count. */
  failureRatePercent?: number;
  /** The time over which failureRatePercent is computed. Default: 60s. */
  window?: string;
  /** The number of calls in the window from which failureRatePercent counts. Default: 20. */
  minimumCalls?: number;
  /** After the timeout, how many calls may try the pod at the same time. Default: 1. */
  probes?: number;
}

/** Health checks of backends. */
export interface FailureHandlingArgs {
  /** The interval between health checks. Default: 30s. */
  healthCheckInterval?: string;
  /** The timeout of a health check. Default: 10s, or the interval if that is shorter. */
  healthCheckTimeout?: string;
  /** Failed health checks after which a backend's tools, resources and prompts leave the lists. Default: 3. */
  unhealthyThreshold?: number;
  /** The interval between log lines with the state of all backends. Default: no such lines. */
  statusReportingInterval?: string;
  /** How lists are answered while a backend is unavailable: without its part (best_effort), or with an error (fail). Default: best_effort. */
  partialFailureMode?: PartialFailureMode;
  /** Whether and when calls to a pod that keeps failing are not sent. Default: off. */
  circuitBreaker?: CircuitBreakerArgs;
}

/** Logging, timeouts and health checks. */
export interface OperationalArgs {
  /** The minimum severity of log lines. Default: info. */
  logLevel?: LogLevel;
  /** Call timeouts. */
  timeouts?: TimeoutsArgs;
  /** What clients are told of changed lists. */
  listChanged?: ListChangedArgs;
  /** Health checks of backends. */
  failureHandling?: FailureHandlingArgs;
}

/** How the pods of backends are resolved. */
export interface DnsArgs {
  /** The DNS servers for the pods of srv and statefulSet. Default: those of the pod. */
  servers?: string[];
  /** How often the SRV records of a backend are resolved. Default: 5s. */
  refresh?: string;
}

/** A key that signs session ids. It is generated once and kept in the stack's state. */
export interface SessionKeyArgs {
  /** The id of the key, used in logs: 1 to 20 lowercase letters, digits and dashes, without -key-. */
  id: string;
  /** The time from which the key signs, such as 2026-12-01T12:00:00Z; it verifies immediately. Default: immediately. */
  signAfter?: string;
}
