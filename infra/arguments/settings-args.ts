import type { Input } from "@pulumi/pulumi";
import type { IncomingAuthType, LogLevel } from "./choices.ts";

/** Tokens that are taken, with type jwt. */
export interface JwtArgs {
  /** Whose tokens are taken: their iss, to the letter. */
  issuer: Input<string>;
  /** What their aud has to hold. */
  audience: Input<string>;
  /** The issuer's public keys: the URL of a JSON Web Key Set. */
  jwks: Input<string>;
  /** How far the issuer's clock may differ. Default: 30s. */
  clockTolerance?: string;
  /** The URL of the MCP endpoint as clients know it; needed behind TLS. Default: http:// and the Host that they ask for. */
  resource?: Input<string>;
}

/** How clients prove who they are. */
export interface IncomingAuthArgs {
  /** Who may call. */
  type: IncomingAuthType;
  /** The tokens that are taken. Required with type jwt. */
  jwt?: JwtArgs;
}

/** How long sessions live. */
export interface SessionArgs {
  /** A session ends this long after its last message. Default: 30m for a gateway, 2h for a proxy. */
  idleTtl?: string;
  /** A session ends this long after initialize, busy or not. Default: no limit. */
  maxLifetime?: string;
  /** The most sessions that a pod keeps ready to use. Default: all of them. */
  cacheEntries?: number;
  /** The most sessions of one principal, with jwt. Default: no cap. */
  maxPerPrincipal?: number;
  /** The most sessions that one principal may open per minute and pod, with jwt. Default: no cap. */
  initializePerMinute?: number;
}

/** What a process takes on at most. */
export interface LimitsArgs {
  /** The longest wait for the answer to a call. Default: operational.timeouts.default. */
  callTimeout?: string;
  /** The longest call of all, which drain and grace period cover. Default: 300s. */
  callTimeoutMax?: string;
  /** The largest body of a request. Default: 8Mi. */
  bodyBytes?: string;
  /** The most calls in flight per backend and pod. Default: 256. */
  upstreamConnections?: number;
  /** The most client capability sets whose lists are kept. Default: 32. */
  views?: number;
  /** The most open GET streams of a session. Default: 2. */
  streams?: number;
  /** The most resource subscriptions of a session. Default: 256. */
  subscriptions?: number;
  /** The most that a client may say of itself. Default: 4Ki. */
  clientBytes?: string;
}

/** How names of two backends are told apart. */
export interface AggregationArgs {
  /** The prefix of tool and prompt names, with {workload} in the place of the backend's name. Default: {workload}_. */
  prefixFormat?: string;
}

/** How long answers may take. */
export interface TimeoutsArgs {
  /** The longest wait for the answer to a call. Default: 60s. */
  default?: string;
  /** The same by backend name, where the backend has no callTimeout of its own. Default: none. */
  perWorkload?: Record<string, string>;
}

/** How backends are watched. */
export interface FailureHandlingArgs {
  /** The time between two checks. Default: 30s. */
  healthCheckInterval?: string;
  /** The longest wait for a check. Default: 10s, or the interval where that is shorter. */
  healthCheckTimeout?: string;
  /** Checks without answer after which a backend offers nothing. Default: 3. */
  unhealthyThreshold?: number;
}

/** How it runs. */
export interface OperationalArgs {
  /** The least severe line of the log. Default: info. */
  logLevel?: LogLevel;
  /** How long answers may take. */
  timeouts?: TimeoutsArgs;
  /** How backends are watched. */
  failureHandling?: FailureHandlingArgs;
}

/** A key that signs session ids, made once and kept in the stack's state. */
export interface SessionKeyArgs {
  /** Its name, for the log: 1 to 20 small letters, digits and dashes, without -key-. */
  id: string;
  /** It verifies at once and signs from then on, such as 2026-12-01T12:00:00Z. Default: at once. */
  signAfter?: string;
}
