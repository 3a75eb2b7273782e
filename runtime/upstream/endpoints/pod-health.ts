import { clock } from "../../platform/clock.ts";
export type PodState = "up" | "failing" | "gone";

export interface PodHealthParts {
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
export class PodHealth {
  readonly #parts: PodHealthParts;
  readonly #now: () => number;
  #failures = 0;
  #refusingSinceMs: number | undefined;
  #state: PodState = "up";
  #sinceMs = clock.now();
  #error: string | undefined;
  #onDoubt: () => void = () => {};

  constructor(parts: PodHealthParts) {
    this.#parts = parts;
    this.#now = parts.now ?? (() => clock.monotonicMs());
  }

  get state(): PodState {
    return this.#state;
  }

  /** Since when it is in this state, in milliseconds since 1970. */
  get sinceMs(): number {
    return this.#sinceMs;
  }

  /** Whether nothing speaks against it. */
  get isSound(): boolean {
    return this.#state === "up" && this.#failures === 0;
  }

  /** Why it is not up. */
  get error(): string | undefined {
    return this.#error;
  }

  /** `listener` hears when somebody should ask after the pod at once. */
  onDoubt(listener: () => void): void {
    this.#onDoubt = listener;
  }

  /** A call to it was given up: perhaps it hangs. */
  doubt(): void {
    this.#onDoubt();
  }

  /** It answered something. */
  answered(): void {
    this.#failures = 0;
    this.accepted();
    this.#become("up", undefined);
  }

  /** Its address took a connection, whether anybody answers there or not. */
  accepted(): void {
    this.#refusingSinceMs = undefined;
    if (this.#state === "gone") this.#become("failing", this.#error);
  }

  /** It was asked after and gave no answer. */
  silent(error: unknown): void {
    this.#failures += 1;
    if (this.#state === "up" && this.#failures >= this.#parts.threshold) this.#fail(error);
  }

  /** Its address took no connection. */
  refused(error: unknown): void {
    const nowMs = this.#now();
    this.#refusingSinceMs ??= nowMs;
    const isGone = nowMs - this.#refusingSinceMs >= this.#parts.lossAfterMs;
    if (isGone) this.#become("gone", textOf(error));
    else if (this.#state === "up") this.#fail(error);
    this.#onDoubt();
  }

  #fail(error: unknown): void {
    this.#become("failing", textOf(error));
  }

  #become(state: PodState, error: string | undefined): void {
    this.#error = error;
    if (state === this.#state) return;
    this.#state = state;
    this.#sinceMs = clock.now();
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
