import type { Settings } from "@mcp-fleet/contract/settings";
import type { Logger } from "pino";
import type { TurnStore } from "../../fleet/turn-store.ts";
import { clock } from "../../platform/clock.ts";
import { random } from "../../platform/random.ts";
import type { Metrics } from "../../telemetry/metrics.ts";
import { between, type CallCounts, CallFailures, failedPercent } from "./call-failures.ts";

/** How long the others wait for a process that was killed during its turn. */
const TURN_MS = 5_000;

/** How often a process that waits looks whether it is its turn. */
const POLL_MS = 250;

/** How long the fleet remembers a change that was refused: longer than any process waits for its turn. */
const REFUSED_MS = 24 * 3_600_000;

/** Fewer failed calls than this say nothing. */
const FEWEST_FAILED = 5;

/** How often calls are looked at while a change is observed: a bad one does not have the whole time. */
const LOOK_MS = 1_000;
const FEWEST_LOOKS = 5;

const TURN = "configuration";

export interface RolloutParts {
  readonly settings: Settings["configuration"];
  readonly turns: TurnStore;
  readonly metrics: Metrics;
  readonly log: Logger;
}

/** A change as a process takes it over, and gives it up again. */
export interface Change {
  /** The same in every process. */
  readonly digest: string;
  apply(): Promise<void>;
  undo(): Promise<void>;
}

/** What came of a change: the calls that failed with it, in percent and before; or that another process refused it. */
export type Outcome =
  | { readonly kind: "taken" }
  | { readonly kind: "refused"; readonly reason: string };

const REFUSED_ELSEWHERE = "another gateway has gone back: more of its calls failed";

/** Takes changes over one process after another, and stops where the first one has more failed calls than before. */
export class Rollout {
  readonly #parts: RolloutParts;
  readonly #holder = random.uuid();
  readonly #failures: CallFailures;

  constructor(parts: RolloutParts) {
    this.#parts = parts;
    this.#failures = new CallFailures(parts.metrics, parts.settings.observeSeconds * 1000);
  }

  /**
   * Waits for this process's turn, and takes the change over. It is not waited any more once the signal is aborted.
   *
   * @throws what `apply` throws, or the signal's reason.
   */
  async run(change: Change, signal: AbortSignal): Promise<Outcome> {
    const { turns } = this.#parts;
    const isOurs = await this.#wait(change, signal);
    if (!isOurs) return { kind: "refused", reason: REFUSED_ELSEWHERE };
    const prolong = () => this.#orLog(turns.take(TURN, this.#holder, TURN_MS));
    const timer = clock.every(TURN_MS / 3, prolong).unref();
    try {
      return await this.#takeOver(change);
    } finally {
      clock.clear(timer);
      this.#orLog(turns.release(TURN, this.#holder));
    }
  }

  close(): void {
    this.#failures.close();
  }

  /** Whether it is our turn; false where the change is refused. While the store is away, nobody has a turn. */
  async #wait({ digest }: Change, signal: AbortSignal): Promise<boolean> {
    const { turns, log } = this.#parts;
    for (let tries = 0; ; tries += 1) {
      signal.throwIfAborted();
      try {
        const isTaken = await turns.take(TURN, this.#holder, TURN_MS);
        const isRefused = (await turns.holder(refusalOf(digest))) !== undefined;
        if (isRefused && isTaken) this.#orLog(turns.release(TURN, this.#holder));
        if (isRefused) return false;
        if (isTaken) return true;
      } catch (error) {
        const level = tries === 0 ? "warn" : "debug";
        log[level]({ error }, "a changed configuration waits until the session store answers");
      }
      await clock.sleep(POLL_MS * (0.5 + random.fraction()), { signal, ref: false });
    }
  }

  async #takeOver(change: Change): Promise<Outcome> {
    const { turns } = this.#parts;
    const before = await this.#failures.recent();
    const from = await this.#failures.counts();
    await change.apply();
    const worse = await this.#observe(before, from);
    if (worse === undefined) return { kind: "taken" };
    await change.undo();
    this.#orLog(turns.take(refusalOf(change.digest), "fleet", REFUSED_MS));
    return { kind: "refused", reason: worse };
  }

  /** Why the calls are worse than before; undefined where they are not. */
  async #observe(before: CallCounts, from: CallCounts): Promise<string | undefined> {
    const { observeSeconds, tolerancePercent } = this.#parts.settings;
    const lookMs = Math.min(LOOK_MS, (observeSeconds * 1000) / FEWEST_LOOKS);
    const looks = Math.round((observeSeconds * 1000) / lookMs);
    for (let look = 0; look < looks; look += 1) {
      await clock.sleep(lookMs, { ref: false });
      const since = between(from, await this.#failures.counts());
      const percent = failedPercent(since);
      const isWorse = percent > failedPercent(before) + tolerancePercent;
      if (since.failed < FEWEST_FAILED || !isWorse) continue;
      return `${since.failed} of ${since.calls} calls failed, and ${before.failed} of ${before.calls} before`;
    }
    return undefined;
  }

  #orLog(done: Promise<unknown>): void {
    done.catch((error: unknown) =>
      this.#parts.log.warn({ error }, "the turn to change the configuration is not kept"),
    );
  }
}

function refusalOf(digest: string): string {
  return `refused:${digest}`;
}
