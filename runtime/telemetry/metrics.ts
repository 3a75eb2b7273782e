import { activeTrace } from "./active-trace.ts";
import { MetricSet } from "./metric-set.ts";

/** From a cached list to a call that progress keeps alive for minutes. */
const CALL_SECONDS_BUCKETS = [
  0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300,
];

/** From a round trip on one machine to the longest that the store is waited for. */
const STORE_SECONDS_BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 2.5];

/** Every metric that the runtime has, each in one place with its help text; `docs/metrics.md` is made from here. */
export class Metrics extends MetricSet {
  readonly #scrapers = new Set<() => void | Promise<void>>();

  readonly sessionsCreated = this.counter(
    "sessions_created_total",
    "Sessions that initialize opened.",
  );
  readonly sessionsEnded = this.counter(
    "sessions_ended_total",
    "Sessions that ended, by reason (deleted, expired, shutdown, refused; displaced: they were never used, and room was needed; revoked: all sessions of their principal were ended).",
    ["reason"],
  );
  readonly sessionsStored = this.gauge(
    "sessions_stored",
    "Sessions in the store that have not expired.",
  );
  readonly sessionsCached = this.gauge(
    "sessions_cached",
    "Sessions that this process holds in memory.",
  );
  readonly sessionsBusy = this.gauge(
    "sessions_busy",
    "Sessions of this process with a request in flight.",
  );
  readonly unknownKeys = this.counter(
    "session_unknown_key_total",
    "Session ids under a key that this process does not have, which the store was asked for.",
  );
  readonly restores = this.counter("session_restores_total", "Sessions rebuilt from the store.");
  readonly restoreSeconds = this.histogram(
    "session_restore_seconds",
    "Seconds from a request for a session that is not in memory until it is.",
    [],
    STORE_SECONDS_BUCKETS,
  );
  readonly leaseWaits = this.counter(
    "lease_waits_total",
    "Times a process looked again whether another one had opened a backend session.",
    ["backend"],
  );
  readonly drainState = this.gauge(
    "drain_state",
    "0 serving, 1 lingering (unready, still listening), 2 closing (what is in flight finishes).",
  );
  readonly drainSecondsLeft = this.gauge(
    "drain_seconds_left",
    "While the process ends: seconds until what is in flight is cut. Absent before.",
    ["state"],
  );
  readonly evictions = this.counter(
    "session_evictions_total",
    "Sessions evicted from memory; they stay in the store.",
  );
  readonly streams = this.gauge("client_streams", "Open GET streams of clients.");
  readonly calls = this.counter(
    "calls_total",
    "Requests of clients, by method and outcome (ok, or the error's name).",
    ["method", "outcome"],
  );
  readonly callSeconds = this.traced(
    "call_seconds",
    "Seconds from a request forwarded to the end of its answer.",
    ["backend"],
    CALL_SECONDS_BUCKETS,
  );
  readonly callsInFlight = this.gauge("calls_in_flight", "Requests being answered right now.");
  readonly callsWaiting = this.gauge(
    "calls_waiting",
    "Calls that wait for a place, by the limit that they wait for (session, principal, or the backend).",
    ["limit", "backend"],
  );
  readonly callsRefused = this.counter(
    "calls_refused_total",
    "Calls that found no place in time, by the limit.",
    ["limit", "backend"],
  );
  readonly upstreamRequests = this.counter(
    "upstream_requests_total",
    "HTTP requests sent to backends, by what for.",
    ["backend", "purpose"],
  );
  readonly upstreamConnections = this.gauge(
    "upstream_connections",
    "Open connections to a backend.",
    ["backend"],
  );
  readonly upstreamSessionsOpened = this.counter(
    "upstream_sessions_opened_total",
    "Backend sessions opened for client sessions.",
    ["backend"],
  );
  readonly upstreamSessionsLost = this.counter(
    "upstream_sessions_lost_total",
    "Backend sessions that the backend forgot.",
    ["backend"],
  );
  readonly upstreamReinitializations = this.counter(
    "upstream_reinitializations_total",
    "Backend sessions opened in the place of one that was lost or moved.",
    ["backend"],
  );
  readonly upstreamMemoryLost = this.counter(
    "upstream_memory_lost_total",
    "Calls that were told that a stateful backend lost their session's memory.",
    ["backend"],
  );
  readonly podPins = this.counter(
    "pod_pins_total",
    "Backend sessions opened at each pod of a backend.",
    ["backend", "pod"],
  );
  readonly podSessions = this.gauge(
    "pod_sessions",
    "Live sessions of the whole fleet at each pod of a backend.",
    ["backend", "pod"],
  );
  readonly podImbalance = this.gauge(
    "pod_imbalance",
    "Sessions of a backend's fullest pod over the mean of its pods; 1 is even.",
    ["backend"],
  );
  readonly sessionMoves = this.counter(
    "session_moves_total",
    "Backend sessions that left a draining pod, by outcome (moved; busy or unmovable: it stays).",
    ["backend", "outcome"],
  );
  readonly resends = this.counter(
    "call_resends_total",
    "Calls sent a second time because the first certainly did not run, or may run twice.",
    ["backend"],
  );
  readonly backendUp = this.gauge(
    "backend_up",
    "1 while the backend answers, 0 while it does not.",
    ["backend"],
  );
  readonly backendHealth = this.gauge(
    "backend_health",
    "1 for the state that a backend is in (healthy, degraded, unhealthy, unauthenticated, unknown), 0 for the others.",
    ["backend", "health"],
  );
  readonly circuitState = this.gauge(
    "circuit_state",
    "The circuit breaker of a pod, with operational.failureHandling.circuitBreaker: 0 closed, 1 half open, 2 open.",
    ["backend", "pod"],
  );
  readonly circuitOpened = this.counter(
    "circuit_opened_total",
    "Times that the circuit breaker of a pod opened, from closed or again from half open.",
    ["backend", "pod"],
  );
  readonly podUp = this.gauge(
    "pod_up",
    "1 while a pod of a backend answers, 0 while it does not, or is gone.",
    ["backend", "pod"],
  );
  readonly descriptorsAllowed = this.gauge(
    "descriptors_allowed",
    "Descriptors above which new sessions and streams are refused; +Inf where the limit of open files is unknown.",
  );
  readonly descriptorsUsed = this.gauge(
    "descriptors_used",
    "Descriptors set aside for backends, store and process, and taken by clients; process_open_fds is what is open.",
  );
  readonly descriptorsRefused = this.counter(
    "descriptors_refused_total",
    "Sessions, streams and connections that were refused for want of descriptors.",
    ["what"],
  );
  readonly addressRefused = this.counter(
    "address_refused_total",
    "Sessions and connections that were refused because room is short and their address has its share of it.",
    ["what"],
  );
  readonly connectionsDisplaced = this.counter(
    "connections_displaced_total",
    "Connections without a session that were closed to make room for others.",
  );
  readonly nofileDegraded = this.gauge(
    "nofile_degraded",
    "1 where the limit of open files is lower than the settings need and limits are lowered to it, 0 otherwise.",
  );
  readonly heldBytes = this.gauge(
    "held_bytes",
    "Bytes held of backends' messages that have to be whole, and of what clients have not read on GET streams; limits.heldBytes is the maximum.",
  );
  readonly heldBodyBytes = this.gauge(
    "held_body_bytes",
    "Bytes held of clients' requests: of each, the first 64 KiB until it has arrived, and the rest until it is answered; limits.heldBodyBytes is the maximum.",
  );
  readonly listBytes = this.gauge(
    "list_bytes",
    "Bytes of backends' lists that are cached for all sessions; the maximum is limits.catalogBytesPerView × limits.views × backends.",
  );
  readonly sessionListBytes = this.gauge(
    "session_list_bytes",
    "Bytes of the lists that sessions have of their own, of backends with catalog: perSession; limits.sessionCatalogBytes is the maximum.",
  );
  readonly credentialBytes = this.gauge(
    "credential_bytes",
    "Bytes of the tokens held for backends, and of those of clients that are exchanged for them; limits.credentialBytes is the maximum.",
  );
  readonly credentialRequests = this.counter(
    "credential_requests_total",
    "Requests to token endpoints, by backend and outcome (granted, login_required, failed).",
    ["backend", "outcome"],
  );
  readonly bodiesWaiting = this.gauge(
    "bodies_waiting",
    "Bodies of requests that wait unread for room.",
  );
  readonly bodiesRefused = this.counter(
    "bodies_refused_total",
    "Bodies of requests that found no room in time, or took too long to arrive while others found none.",
  );
  readonly decisions = this.counter(
    "authorization_decisions_total",
    "Decisions by policies that were made, and not found among those that are kept.",
    ["decision"],
  );
  readonly cachedDecisions = this.gauge(
    "authorization_cached_decisions",
    "Decisions by policies that are kept.",
  );
  readonly listChanges = this.counter(
    "list_changes_total",
    "Changes of the merged lists that sessions were told of.",
    ["list"],
  );

  readonly storeSeconds = this.histogram(
    "store_seconds",
    "Seconds that an operation of the shared session store took, retries included; its count is that of the operations.",
    ["operation"],
    STORE_SECONDS_BUCKETS,
  );
  readonly storeErrors = this.counter(
    "store_errors_total",
    "Operations of the shared session store that failed.",
    ["operation"],
  );

  readonly changeLag = this.gauge(
    "change_lag_seconds",
    "Seconds since it was last certain that no change of another process was missed; 0 where the store is this process's own.",
  );
  readonly peerRequests = this.counter(
    "peer_requests_total",
    "Requests that went on to another process of the fleet, by what for (session: it holds the session at the backend; stream: it holds the session's stream).",
    ["purpose"],
  );
  readonly limit = this.gauge(
    "limit",
    "The limit that a figure is measured against, by its setting: bytes, sessions, calls or descriptors. A lowered one is what it was lowered to.",
    ["setting"],
  );

  readonly configurationGeneration = this.gauge(
    "configuration_generation",
    "How many configurations the process has had since its start, the first one included.",
  );
  readonly configurationInfo = this.gauge(
    "configuration_info",
    "1, with the digest of the configuration that the process has: gateways with different ones have not all taken a change over.",
    ["digest"],
  );
  readonly configurationRefused = this.counter(
    "configuration_refused_total",
    "Changed configurations that were not taken over, by reason (invalid: they have faults; failed_calls: a higher share of calls failed with them).",
    ["reason"],
  );
  readonly configurationNeedsRollout = this.gauge(
    "configuration_needs_rollout",
    "1 where the configuration file has changes that a running process does not take over, 0 otherwise.",
  );
  readonly directoryFaults = this.gauge(
    "directory_faults",
    "Faults of the files of discovery.directory: 0 where each is served as it says.",
  );

  readonly exported = this.counter(
    "telemetry_exported_total",
    "Spans and exports of metrics that the OpenTelemetry collector has taken, by signal (traces, metrics).",
    ["signal"],
  );
  readonly exportsDropped = this.counter(
    "telemetry_dropped_total",
    "Spans and exports of metrics that never reached the collector, by signal and reason (queue: telemetry.queuedSpans were waiting; failed: the collector did not take them in time).",
    ["signal", "reason"],
  );
  readonly spansQueued = this.gauge(
    "telemetry_queued_spans",
    "Spans that wait to be sent; telemetry.queuedSpans is the maximum.",
  );

  readonly auditEvents = this.counter(
    "audit_events_total",
    "Audit events by type, those that were lost included.",
    ["type"],
  );
  readonly auditDropped = this.counter(
    "audit_dropped_total",
    "Audit events that were lost: the queue was full, or the process ended before they were written.",
  );
  readonly auditFailures = this.counter(
    "audit_write_failures_total",
    "Attempts to write audit events that failed; they are repeated.",
  );
  readonly auditQueued = this.gauge(
    "audit_queued_events",
    "Audit events that wait to be written; audit.queueEvents is the maximum.",
  );
  readonly auditQueuedBytes = this.gauge(
    "audit_queued_bytes",
    "Bytes of audit events that wait to be written; audit.queueBytes is the maximum.",
  );
  readonly rateLimitRefused = this.counter(
    "rate_limit_refused_total",
    "Requests that a limit of rateLimiting refused, by the limit.",
    ["limit"],
  );
  readonly rateLimitUnchecked = this.counter(
    "rate_limit_unchecked_total",
    "Requests whose limits could not be asked for, by what then happened (allowed, refused).",
    ["outcome"],
  );
  readonly rateLimitLeases = this.gauge(
    "rate_limit_leases",
    "Limits of which this process holds tokens that it has not used yet.",
  );

  readonly defects = this.counter(
    "defects_total",
    "Failures that no part of the process handles. Alert on any: each is a defect, and the log has its stack.",
  );

  /** A call to a backend took so long. */
  observeCall(backend: string, seconds: number): void {
    if (!this.hasExemplars) {
      this.callSeconds.observe({ backend }, seconds);
      return;
    }
    const trace = activeTrace();
    this.callSeconds.observe({
      labels: { backend },
      value: seconds,
      ...(trace?.isSampled && { exemplarLabels: trace.ids }),
    });
  }

  /** Runs before each scrape, to set gauges that nobody counts along the way. Returns what stops it. */
  onScrape(scraper: () => void | Promise<void>): () => void {
    this.#scrapers.add(scraper);
    return () => this.#scrapers.delete(scraper);
  }

  /** Has nothing to say of a backend that has left. */
  async forgetBackend(backend: string): Promise<void> {
    for (const metric of this.labelled("backend")) {
      const { values } = await metric.get();
      for (const { labels } of values) {
        // A histogram's buckets have a label that is none of its own.
        const { le: _, ...own } = labels;
        if (own.backend === backend) metric.remove(own);
      }
    }
  }

  /** The same of a pod. */
  forgetPod(backend: string, pod: string): void {
    for (const gauge of [this.podUp, this.podSessions]) gauge.remove({ backend, pod });
  }

  override async text(): Promise<string> {
    await this.#scrape();
    return await super.text();
  }

  override async values() {
    await this.#scrape();
    return await super.values();
  }

  async #scrape(): Promise<void> {
    await Promise.all([...this.#scrapers].map((scraper) => scraper()));
  }
}
