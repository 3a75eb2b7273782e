import { type CircuitBreakerSettings, RETRY_AFTER_SECONDS } from "@mcp-fleet/contract/settings";
import { clock } from "../../platform/clock.ts";
import { random } from "../../platform/random.ts";
import { FleetError } from "../../wire/fleet-error.ts";
import { TransportFault } from "../transports/transport-fault.ts";
import { FailureRate } from "./failure-rate.ts";

export const CIRCUIT_STATES = ["closed", "half-open", "open"] as const;
export type CircuitState = (typeof CIRCUIT_STATES)[number];

export interface CircuitBreakerParts {
  readonly settings: CircuitBreakerSettings;
  readonly onChange: (state: CircuitState) => void;
}

/** How much longer than its timeout a breaker stays open at most: it takes turns with those of other processes. */
const JITTER = 0.25;

/**
 * What becomes of one request that a breaker let pass. Its first word counts, and none does that comes from before the
 * breaker changed its state last.
 */
export interface Trial {
  succeeded(): void;
  failed(): void;
  /** It came to nothing that says something about the endpoint: its client gave it up. */
  abandoned(): void;
}

/**
 * Keeps requests from one endpoint that keeps failing. Closed, it counts: failures in a row, and their share of a window.
 * Open, it lets none pass for a time. Half open, it lets a few pass: a success closes it, a failure opens it again.
 */
export class CircuitBreaker {
  readonly #parts: CircuitBreakerParts;
  readonly #rate: FailureRate | undefined;
  #state: CircuitState = "closed";
  #failuresInARow = 0;
  #openUntilMs = 0;
  #probing = 0;
  /** Grows with every change of state. */
  #era = 0;

  constructor(parts: CircuitBreakerParts) {
    const { failureRatePercent, windowSeconds, minimumCalls } = parts.settings;
    this.#parts = parts;
    this.#rate =
      failureRatePercent === undefined
        ? undefined
        : new FailureRate({ failureRatePercent, windowMs: windowSeconds * 1000, minimumCalls });
  }

  get state(): CircuitState {
    this.#follow();
    return this.#state;
  }

  /** Whether a request would not pass right now. */
  get isOpen(): boolean {
    if (this.#state === "closed") return false;
    this.#follow();
    return this.#state === "open" || this.#probing >= this.#parts.settings.probes;
  }

  /** When to try again, where a request does not pass. */
  get retryAfterSeconds(): number {
    if (this.#state !== "open") return RETRY_AFTER_SECONDS;
    return Math.max(1, Math.ceil((this.#openUntilMs - clock.monotonicMs()) / 1000));
  }

  /** Lets a request pass, whose outcome the trial has to hear; undefined where it may not. */
  admit(): Trial | undefined {
    if (this.isOpen) return undefined;
    const era = this.#era;
    const isProbe = this.#state === "half-open";
    if (isProbe) this.#probing += 1;
    let isOver = false;
    const once = (count: () => void) => () => {
      if (isOver) return;
      isOver = true;
      if (era !== this.#era) return;
      if (isProbe) this.#probing -= 1;
      count();
    };
    return {
      succeeded: once(() => this.#succeeded()),
      failed: once(() => this.#failed()),
      abandoned: once(() => {}),
    };
  }

  /** The endpoint gave a sign of life after it had failed: it may be tried at once. */
  retryNow(): void {
    if (this.#state === "open") this.#become("half-open");
  }

  #succeeded(): void {
    this.#failuresInARow = 0;
    this.#rate?.add(true);
    if (this.#state === "half-open") this.#become("closed");
  }

  #failed(): void {
    this.#failuresInARow += 1;
    this.#rate?.add(false);
    const { failureThreshold } = this.#parts.settings;
    const isTooMany = this.#failuresInARow >= failureThreshold || this.#rate?.isExceeded === true;
    if (this.#state === "half-open" || isTooMany) this.#open();
  }

  #open(): void {
    const timeoutMs = this.#parts.settings.timeoutSeconds * 1000;
    this.#openUntilMs = clock.monotonicMs() + timeoutMs * (1 + JITTER * random.fraction());
    this.#become("open");
  }

  /** Open only until its time is over, whoever looks first. */
  #follow(): void {
    if (this.#state !== "open" || clock.monotonicMs() < this.#openUntilMs) return;
    this.#become("half-open");
  }

  #become(state: CircuitState): void {
    this.#state = state;
    this.#era += 1;
    this.#probing = 0;
    this.#failuresInARow = 0;
    if (state === "closed") this.#rate?.reset();
    this.#parts.onChange(state);
  }
}

/**
 * What an error says of the endpoint. That it could not be reached, broke off, or did not answer in time are failures;
 * that the client, or the process, did not want the answer any more is none.
 */
export function settle(trial: Trial, error: unknown, signal: AbortSignal): void {
  const isFailure = signal.aborted ? isTimeout(signal.reason) : error instanceof TransportFault;
  if (isFailure) trial.failed();
  else trial.abandoned();
}

function isTimeout(reason: unknown): boolean {
  if (reason instanceof FleetError) return reason.code === "BACKEND_TIMEOUT";
  return reason instanceof Error && reason.name === "TimeoutError";
}
