/**
 * How long a process still serves after SIGTERM by default, in seconds. Keep-Alive tells clients to drop
 * connections that are idle for one second less. With 2 s and no such hint, `make e2e` saw 1 or 2 of 18,000
 * calls cut in eight planned changes.
 */
export const LINGER_SECONDS = 10;

/** Seconds between two readiness probes: Kubernetes notices an unready pod within two probes. */
export const READINESS_PERIOD_SECONDS = 1;

/** Failed readiness probes until a pod gets no more requests: one lost packet is not enough. */
export const READINESS_FAILURES = 2;

/** The seconds after which a refused client reaches another pod, or this one with room again. */
export const RETRY_AFTER_SECONDS = READINESS_PERIOD_SECONDS * READINESS_FAILURES;
