/**
 * How long a process goes on serving after SIGTERM, in seconds, where the settings say nothing: clients are told to let
 * connections go that are idle for a second less. With 2 s and nothing said to them, `make e2e` saw one or two of 18,000
 * calls cut in eight planned changes.
 */
export const LINGER_SECONDS = 10;

/** Seconds between two readiness probes: an unready pod is known as such within two of them. */
export const READINESS_PERIOD_SECONDS = 1;

/** Failed readiness probes until nothing more is sent to a pod: one lost packet is no reason. */
export const READINESS_FAILURES = 2;

/** The seconds after which a client that was refused finds another pod, or this one with room again. */
export const RETRY_AFTER_SECONDS = READINESS_PERIOD_SECONDS * READINESS_FAILURES;
