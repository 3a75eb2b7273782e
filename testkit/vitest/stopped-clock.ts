import { onTestFinished, vi } from "vitest";

/** Small against every time that is promised. */
const STEP_MS = 25;

/** What lets a process of this machine say something: a connection made or refused, bytes read. */
const TURNS = 10;

/**
 * The timers of this process, stopped until the end of the test: they go on as far as a test moves them, however long
 * the machine takes for the rest. Sockets work as ever.
 */
export class StoppedClock {
  static stop(): StoppedClock {
    vi.useFakeTimers({
      toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "performance"],
    });
    onTestFinished(() => void vi.useRealTimers());
    return new StoppedClock();
  }

  /** Lets so much time pass, in small steps. */
  async pass(milliseconds: number): Promise<void> {
    for (let passedMs = 0; passedMs < milliseconds; passedMs += STEP_MS) {
      await vi.advanceTimersByTimeAsync(Math.min(STEP_MS, milliseconds - passedMs));
      await this.#turn();
    }
  }

  /** What becomes of work within so much time. @throws where some of it is still going on then. */
  async within<Value>(
    milliseconds: number,
    work: readonly Promise<Value>[],
  ): Promise<PromiseSettledResult<Value>[]> {
    let outcomes: PromiseSettledResult<Value>[] | undefined;
    void Promise.allSettled(work).then((all) => {
      outcomes = all;
    });
    await this.#turn();
    for (let passedMs = 0; outcomes === undefined && passedMs < milliseconds; passedMs += STEP_MS) {
      await this.pass(Math.min(STEP_MS, milliseconds - passedMs));
    }
    if (outcomes === undefined) throw new Error(`it takes longer than ${milliseconds} ms`);
    return outcomes;
  }

  async #turn(): Promise<void> {
    for (let turn = 0; turn < TURNS; turn += 1) {
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}
