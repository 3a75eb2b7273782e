import { clock, type Timer } from "../../platform/clock.ts";
import type { Metrics } from "../../telemetry/metrics.ts";

/** What a backend answers. */
const METHODS: ReadonlySet<unknown> = new Set([
  "tools/call",
  "prompts/get",
  "resources/read",
  "completion/complete",
]);

/** Outcomes that are the fault of a backend, or of how it is reached. */
const FAILURES: ReadonlySet<unknown> = new Set([
  "BACKEND_UNREACHABLE",
  "BACKEND_REFUSED",
  "BACKEND_TIMEOUT",
  "BACKEND_BUSY",
  "OUTCOME_UNKNOWN",
]);

/** Calls of backends, and how many of them failed. */
export interface CallCounts {
  readonly calls: number;
  readonly failed: number;
}

/** Which share of the calls fails, from what is counted anyway: no call is slower for it. */
export class CallFailures {
  readonly #metrics: Pick<Metrics, "calls">;
  readonly #timer: Timer;
  /** The counts of the last two looks, the older first. */
  #looks: readonly [CallCounts, CallCounts] = [NONE, NONE];

  constructor(metrics: Pick<Metrics, "calls">, windowMs: number) {
    this.#metrics = metrics;
    this.#timer = clock.every(windowMs, () => void this.#look()).unref();
  }

  /** Since the start of the process. */
  async counts(): Promise<CallCounts> {
    const { values } = await this.#metrics.calls.get();
    let [calls, failed] = [0, 0];
    for (const { labels, value } of values) {
      if (!METHODS.has(labels.method)) continue;
      calls += value;
      if (FAILURES.has(labels.outcome)) failed += value;
    }
    return { calls, failed };
  }

  /** Of the last one to two windows. */
  async recent(): Promise<CallCounts> {
    return between(this.#looks[0], await this.counts());
  }

  close(): void {
    clock.clear(this.#timer);
  }

  async #look(): Promise<void> {
    this.#looks = [this.#looks[1], await this.counts()];
  }
}

const NONE: CallCounts = { calls: 0, failed: 0 };

export function between(earlier: CallCounts, later: CallCounts): CallCounts {
  return { calls: later.calls - earlier.calls, failed: later.failed - earlier.failed };
}

/** The share of the calls that failed, in percent. */
export function failedPercent({ calls, failed }: CallCounts): number {
  return calls === 0 ? 0 : (failed / calls) * 100;
}
