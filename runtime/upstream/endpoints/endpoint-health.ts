import { clock } from "../../platform/clock.ts";
export type EndpointState = "up" | "failing" | "gone";

export interface EndpointHealthParts {
  /** Failures in a row until nothing is sent to the pod. */
  readonly threshold: number;
  /** How long an address may accept nothing until its pod is gone. */
  readonly lossAfterMs: number;
  /** Milliseconds that never go back. */
  readonly now?: () => number;
}

/**
 * What is known of one pod, from the requests that it gets and from those that ask after it. A pod that is failing
 * gets none but the latter; it is up again with its first sign of life. A pod that hangs accepts connections and so
 * is never gone.
 */
export class EndpointHealth {
  readonly #parts: EndpointHealthParts;
  readonly #now: () => number;
  #failures = 0;
  #refusingSinceMs: number | undefined;
  #state: EndpointState = "up";
  #sinceMs = clock.now();
  #error: string | undefined;
  readonly #onProbeRequested = new Set<() => void>();

  constructor(parts: EndpointHealthParts) {
    this.#parts = parts;
    this.#now = parts.now ?? (() => clock.monotonicMs());
  }

  get state(): EndpointState {
    return this.#state;
  }

  /** Since when it is in this state, in milliseconds since 1970. */
  get sinceMs(): number {
    return this.#sinceMs;
  }

  /** Whether nothing speaks against it. */
  get isHealthy(): boolean {
    return this.#state === "up" && this.#failures === 0;
  }

  /** Why it is not up. */
  get error(): string | undefined {
    return this.#error;
  }

  /** `listener` hears when somebody should probe the endpoint at once. */
  onProbeRequested(listener: () => void): void {
    this.#onProbeRequested.add(listener);
  }

  /** A call to it was given up: perhaps it hangs. */
  requestProbe(): void {
    for (const listener of this.#onProbeRequested) listener();
  }

  /** It answered something. */
  recordSuccess(): void {
    this.#failures = 0;
    this.recordConnect();
    this.#become("up", undefined);
  }

  /** Its address took a connection, whether anybody answers there or not. */
  recordConnect(): void {
    this.#refusingSinceMs = undefined;
    if (this.#state === "gone") this.#become("failing", this.#error);
  }

  /** It was asked after and gave no answer. */
  recordFailure(error: unknown): void {
    this.#failures += 1;
    if (this.#state === "up" && this.#failures >= this.#parts.threshold) this.#fail(error);
  }

  /** Its address took no connection. */
  recordConnectFailure(error: unknown): void {
    const nowMs = this.#now();
    this.#refusingSinceMs ??= nowMs;
    const isGone = nowMs - this.#refusingSinceMs >= this.#parts.lossAfterMs;
    if (isGone) this.#become("gone", textOf(error));
    else if (this.#state === "up") this.#fail(error);
    this.requestProbe();
  }

  #fail(error: unknown): void {
    this.#become("failing", textOf(error));
  }

  #become(state: EndpointState, error: string | undefined): void {
    this.#error = error;
    if (state === this.#state) return;
    this.#state = state;
    this.#sinceMs = clock.now();
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
