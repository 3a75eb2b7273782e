/** A response header of ours on a refusal: the request certainly did not run, so a front may send it again. */
export const NOT_PROCESSED_HEADER = "mcp-fleet-not-processed";

/** How an error is said, and why so. */
export const ERROR_LEVELS = {
  http: "By the HTTP status: no request of an open session can be answered, or the client has to do something about the connection, its credentials or the session before it sends anything else.",
  request:
    "As a JSON-RPC error with HTTP 200: one request failed, and nothing else. Some clients take any other status of a POST as the end of the whole session, which would cost the calls to healthy backends too.",
  either:
    "As for `request` in an open session, also for a body that is refused before it is read, as long as the id of its request is found in it. Otherwise by the HTTP status: for `initialize`, for a connection, for what has no id (a notification, a response, a batch), and while the session itself cannot be loaded.",
} as const;

export type ErrorLevel = keyof typeof ERROR_LEVELS;

/** One row of the table: what is answered, and what client and operator should make of it. */
export interface ErrorRow {
  readonly level: ErrorLevel;
  /** The HTTP status where the level has one; in answer to a request of an open session it is 200 otherwise. */
  readonly httpStatus: number;
  /** The JSON-RPC error code. */
  readonly rpcCode: number;
  /** The answer carries `Retry-After`. */
  readonly retryAfter?: true;
  /** The request certainly did not run: a front of ours may send it again. */
  readonly notProcessed?: true;
  /** What is said where nothing more exact is known. Never holds a session id or a backend's address. */
  readonly message: string;
  readonly client: string;
  readonly operator: string;
}

/**
 * Every error that a client can be answered with by us; a backend's own JSON-RPC errors pass unchanged.
 * `docs/errors.md` is made from this table. A name, once published, keeps its meaning.
 */
export const ERROR_TABLE = {
  PARSE_ERROR: {
    level: "either",
    httpStatus: 400,
    rpcCode: -32700,
    message: "the body is not JSON",
    client: "Send valid JSON.",
    operator: "Nothing, unless one client does it all the time.",
  },
  INVALID_REQUEST: {
    level: "either",
    httpStatus: 400,
    rpcCode: -32600,
    message: "the body is not a JSON-RPC message",
    client: "Correct the message; the error text says what is wrong with it.",
    operator: "Nothing.",
  },
  METHOD_NOT_FOUND: {
    level: "request",
    httpStatus: 200,
    rpcCode: -32601,
    message: "this method is not served",
    client: "Use only what initialize advertised.",
    operator: "Nothing.",
  },
  INVALID_PARAMS: {
    level: "request",
    httpStatus: 200,
    rpcCode: -32602,
    message: "the parameters are not valid",
    client: "Ask for the list again: the tool, prompt or cursor is not, or no longer, known.",
    operator: "Look at /status: a backend whose tools are missing is named there.",
  },
  RESOURCE_NOT_FOUND: {
    level: "request",
    httpStatus: 200,
    rpcCode: -32002,
    message: "no backend offers this resource",
    client: "Ask for the resources again.",
    operator: "Look at /status: a backend whose resources are missing is named there.",
  },
  UNAUTHENTICATED: {
    level: "http",
    httpStatus: 401,
    rpcCode: -32000,
    message: "a bearer token from the issuer is required",
    client:
      "Get a token; WWW-Authenticate names the metadata that says where. Keep the session id.",
    operator: "error_description says what is wrong with the token: often the audience.",
  },
  INSUFFICIENT_SCOPE: {
    level: "http",
    httpStatus: 403,
    rpcCode: -32000,
    message: "the token lacks a scope that is required here",
    client:
      "Get a token with the scopes that WWW-Authenticate names, and send the request again. Keep the session id.",
    operator:
      "incomingAuth.oidc.scopes names a scope that the issuer did not grant: to the client, or at all.",
  },
  SESSION_REQUIRED: {
    level: "http",
    httpStatus: 400,
    rpcCode: -32000,
    message: "the Mcp-Session-Id header is missing",
    client: "Send initialize first, then its Mcp-Session-Id with every message.",
    operator: "A proxy in between may drop the header.",
  },
  SESSION_NOT_FOUND: {
    level: "http",
    httpStatus: 404,
    rpcCode: -32001,
    message: "this session does not exist or has ended",
    client: "Send initialize again, without a session id.",
    operator: "Expected after idleTtl, maxLifetime, DELETE, or a restart of the memory store.",
  },
  UNSUPPORTED_PROTOCOL: {
    level: "http",
    httpStatus: 400,
    rpcCode: -32000,
    message: "this MCP-Protocol-Version is not served",
    client: "Send a version that the error text lists.",
    operator: "Nothing.",
  },
  ORIGIN_FORBIDDEN: {
    level: "http",
    httpStatus: 403,
    rpcCode: -32000,
    message: "this Origin is not allowed",
    client: "Ask the operator to allow the origin.",
    operator: "Add the origin to allowedOrigins if pages from there may call.",
  },
  HOST_FORBIDDEN: {
    level: "http",
    httpStatus: 403,
    rpcCode: -32000,
    message: "this Host is not allowed",
    client: "Use the name that the operator published.",
    operator: "Add the name to allowedHosts if clients reach the gateway by it.",
  },
  NOT_FOUND: {
    level: "http",
    httpStatus: 404,
    rpcCode: -32000,
    message: "nothing is served at this path",
    client: "The MCP endpoint is /mcp.",
    operator: "Nothing.",
  },
  METHOD_NOT_ALLOWED: {
    level: "http",
    httpStatus: 405,
    rpcCode: -32000,
    message: "this HTTP method is not served here",
    client: "Use POST, GET or DELETE.",
    operator: "Nothing.",
  },
  NOT_ACCEPTABLE: {
    level: "http",
    httpStatus: 406,
    rpcCode: -32000,
    message: "the Accept header excludes what is answered",
    client: "POST answers with application/json or text/event-stream, GET with text/event-stream.",
    operator: "Nothing.",
  },
  BODY_TOO_LARGE: {
    level: "either",
    httpStatus: 413,
    rpcCode: -32000,
    message: "the body, or the client data that initialize carries, is too large",
    client: "Send less; the error text names the limit.",
    operator: "Raise limits.bodyBytes or limits.clientBytes if the size is legitimate.",
  },
  UNSUPPORTED_MEDIA_TYPE: {
    level: "http",
    httpStatus: 415,
    rpcCode: -32000,
    message: "the Content-Type is not application/json",
    client: "Send application/json.",
    operator: "Nothing.",
  },
  PRINCIPAL_AT_CAPACITY: {
    level: "http",
    // Not 503, as for a full fleet: balancers take a process that answers 503 for a broken one, try the next or
    // put it out of service, and one greedy principal must not do that to all. Clients repeat both.
    httpStatus: 429,
    rpcCode: -32000,
    retryAfter: true,
    message: "this principal has reached its limit of sessions",
    client: "End sessions by DELETE, or use one that is open.",
    operator: "session.maxPerPrincipal is reached: raise it, or lower idleTtl.",
  },
  ADDRESS_AT_CAPACITY: {
    level: "http",
    httpStatus: 429,
    rpcCode: -32000,
    retryAfter: true,
    notProcessed: true,
    message:
      "room is short, and this address has its fair share of it (limits.crowdedPercent): end sessions that are not needed, or try again later",
    client: "End sessions by DELETE, or use one that is open.",
    operator:
      "session.maxSessions, or the limit of open files, is nearly reached, and one client address has more than others. If that address is a load balancer's, add it to trustedProxies; otherwise raise the limit.",
  },
  RATE_LIMITED: {
    level: "either",
    httpStatus: 429,
    rpcCode: -32000,
    retryAfter: true,
    message: "too many requests of this kind: try again later",
    client: "Try again after Retry-After; a session is not lost.",
    operator:
      "session.initializePerMinute is reached, or many ids under an unknown key come in at once.",
  },
  RATE_LIMIT_EXCEEDED: {
    level: "either",
    httpStatus: 429,
    // ToolHive's.
    rpcCode: -32029,
    retryAfter: true,
    message: "Rate limit exceeded",
    client:
      "Try again after Retry-After. The session goes on, and the call did not run. error.data.limit names the limit.",
    operator:
      "A limit of rateLimiting is reached: rate_limit_refused_total says which. Raise it if the load is legitimate.",
  },
  AUDIT_UNAVAILABLE: {
    level: "either",
    httpStatus: 503,
    rpcCode: -32000,
    retryAfter: true,
    notProcessed: true,
    message: "audit events cannot be written just now; the call did not run",
    client: "Try again after Retry-After. The session goes on.",
    operator:
      "audit.onOverload is refuse, and the queue is full: audit.logFile is on a full or slow disk, or nobody reads standard output. The log says which.",
  },
  TOO_MANY_CALLS: {
    level: "request",
    httpStatus: 200,
    rpcCode: -32000,
    retryAfter: true,
    notProcessed: true,
    message: "too many calls are in flight; the call did not run",
    client: "Wait for the answers of other calls, then try again. The session goes on.",
    operator:
      "limits.callsPerSession, limits.callsPerPrincipal or limits.upstreamConnections is reached, and the queue is full or too slow: calls_waiting and calls_refused_total say which. A backend may hang.",
  },
  TOO_MANY_BYTES: {
    level: "either",
    httpStatus: 503,
    rpcCode: -32000,
    retryAfter: true,
    notProcessed: true,
    message:
      "the bodies of other requests in flight leave no room for this one (limits.heldBodyBytes, limits.bodyBytesPerClient); the call did not run",
    client: "Wait for the answers of other calls, then try again. The session goes on.",
    operator:
      "limits.heldBodyBytes or limits.bodyBytesPerClient is in use by long bodies, or a body took too long to arrive while others waited.",
  },
  AT_CAPACITY: {
    level: "either",
    httpStatus: 503,
    rpcCode: -32000,
    retryAfter: true,
    notProcessed: true,
    message: "the limit of sessions is reached",
    client: "Try again after Retry-After.",
    operator:
      "session.maxSessions is reached: raise it, or lower idleTtl. Or, as the text then says, open files are in use: /status shows the limit.",
  },
  DRAINING: {
    level: "http",
    httpStatus: 503,
    rpcCode: -32000,
    retryAfter: true,
    notProcessed: true,
    message: "this gateway is shutting down",
    client: "Try again after Retry-After.",
    operator: "Expected while a process stops.",
  },
  STORE_UNAVAILABLE: {
    level: "either",
    httpStatus: 503,
    rpcCode: -32000,
    retryAfter: true,
    notProcessed: true,
    message: "the session store does not answer",
    client: "Try again after Retry-After with the same session.",
    operator: "Look at the session store.",
  },
  STORE_FULL: {
    level: "either",
    httpStatus: 503,
    rpcCode: -32000,
    retryAfter: true,
    notProcessed: true,
    message: "the session store is full: it takes no new sessions and subscriptions",
    client: "Try again after Retry-After. Open sessions go on.",
    operator: "The store has used its maxmemory: give it more, or lower session.maxSessions.",
  },
  JWKS_UNAVAILABLE: {
    level: "http",
    httpStatus: 503,
    rpcCode: -32000,
    retryAfter: true,
    notProcessed: true,
    message: "the issuer's signing keys are unavailable",
    client: "Try again after Retry-After with the same token and session.",
    operator:
      "incomingAuth.jwt.jwks, or the metadata or keys of the issuer of incomingAuth.oidc, cannot be read; the log says how.",
  },
  ISSUER_UNAVAILABLE: {
    level: "http",
    httpStatus: 503,
    rpcCode: -32000,
    retryAfter: true,
    notProcessed: true,
    message: "the issuer does not say whether the token is active",
    client: "Try again after Retry-After with the same token and session.",
    operator:
      "The introspection endpoint of the issuer does not answer, refuses clientId and its secret, or is asked about too many tokens at once; the log says how.",
  },
  AUTHORIZATION_UNAVAILABLE: {
    level: "request",
    httpStatus: 200,
    rpcCode: -32000,
    retryAfter: true,
    notProcessed: true,
    message: "nothing can be decided by the policies just now; the call did not run",
    client: "Try again after Retry-After in the same session.",
    operator: "The thread that decides by policies has ended; the log says why.",
  },
  BACKEND_UNREACHABLE: {
    level: "either",
    httpStatus: 502,
    rpcCode: -32603,
    notProcessed: true,
    message: "the backend cannot be reached; the call did not run",
    client: "Try again later.",
    operator: "Look at the backend that the error names; /status says since when.",
  },
  BACKEND_REFUSED: {
    level: "either",
    httpStatus: 502,
    rpcCode: -32603,
    message: "the backend refused the request; the call did not run",
    client: "Nothing: the gateway's operator has to look.",
    operator: "The text names the HTTP status, often missing credentials or a wrong path in url.",
  },
  BACKEND_AUTH_UNAVAILABLE: {
    level: "either",
    httpStatus: 503,
    rpcCode: -32000,
    retryAfter: true,
    notProcessed: true,
    message: "the credentials for the backend are unavailable; the call did not run",
    client: "Try again after Retry-After. The session goes on.",
    operator:
      "The token endpoint of the backend's strategy does not answer or refuses this gateway; the log says how. Often a wrong client secret, scope or audience.",
  },
  BACKEND_LOGIN_REQUIRED: {
    level: "either",
    httpStatus: 403,
    rpcCode: -32000,
    message: "the backend needs you to log in or to consent; the call did not run",
    client: "Have the person log in again, or open `error.data.loginUrl` if it is there.",
    operator:
      "The authorization server does not exchange the token of this client. Set loginUrl to where people log in or consent.",
  },
  URL_ELICITATION_REQUIRED: {
    level: "either",
    httpStatus: 403,
    rpcCode: -32042,
    message: "a page has to be opened first; the call did not run",
    client: "Open the page of `error.data.elicitations`, then call again.",
    operator: "Expected where a backend needs a login: see BACKEND_LOGIN_REQUIRED.",
  },
  BACKEND_BUSY: {
    level: "either",
    httpStatus: 503,
    rpcCode: -32000,
    retryAfter: true,
    notProcessed: true,
    message: "the proxies of the backend take no request just now; the call did not run",
    client: "Try again after Retry-After. The session goes on.",
    operator:
      "The text names what a proxy answered: it drains, is full, or its store does not answer. Expected for a moment while proxies or their store are replaced.",
  },
  BACKEND_CIRCUIT_OPEN: {
    level: "either",
    httpStatus: 503,
    rpcCode: -32000,
    retryAfter: true,
    notProcessed: true,
    message:
      "the backend keeps failing, so that nothing is sent to it for a while; the call did not run",
    client: "Try again after Retry-After. The session goes on, and so do calls of other backends.",
    operator:
      "operational.failureHandling.circuitBreaker is open: look at the backend. circuit_state says which pod, the log since when, and /status why.",
  },
  BACKEND_TIMEOUT: {
    level: "either",
    httpStatus: 504,
    rpcCode: -32603,
    message: "the backend did not answer in time; whether the call ran is unknown",
    client: "Check before calling again if the tool changes anything.",
    operator: "Raise callTimeout, or have the tool report progress, which extends a call.",
  },
  BACKEND_SESSION_LOST: {
    level: "request",
    httpStatus: 200,
    rpcCode: -32603,
    message: "the backend lost this session's memory; the next call starts a new one",
    client: "Rebuild what the session held, then go on in the same session.",
    operator: "The backend restarted or dropped the session.",
  },
  OUTCOME_UNKNOWN: {
    level: "request",
    httpStatus: 200,
    rpcCode: -32603,
    message: "the connection broke after the call was sent; whether it ran is unknown",
    client: "Check before calling again: the call is never sent twice on its own.",
    operator: "The backend crashed, restarted or closed the connection during a call.",
  },
  INTERNAL: {
    level: "either",
    httpStatus: 500,
    rpcCode: -32603,
    message: "the gateway failed",
    client: "Report it.",
    operator: "A fault of the gateway: the log has the stack.",
  },
} as const satisfies Record<string, ErrorRow>;

export type ErrorName = keyof typeof ERROR_TABLE;
