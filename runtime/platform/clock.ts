import { setTimeout as sleep } from "node:timers/promises";

/** Something that happens later, until it is cleared. */
export type Timer = NodeJS.Timeout;

export interface SleepOptions {
  /** Ends the sleep early: it then rejects with an AbortError. */
  readonly signal?: AbortSignal;
  /** False: the process may end meanwhile. Default: true. */
  readonly ref?: boolean;
}

/** Time, as the runtime has it. */
export interface Clock {
  /** Milliseconds since 1970. They go back where an operator sets the clock back. */
  now(): number;
  /** Milliseconds that never go back; only their differences mean anything. */
  monotonicMs(): number;
  /** Runs `work` once, after a time. */
  after(milliseconds: number, work: () => void): Timer;
  /** Runs `work` again and again. */
  every(milliseconds: number, work: () => void): Timer;
  clear(timer: Timer | undefined): void;
  sleep(milliseconds: number, options?: SleepOptions): Promise<void>;
  /** A signal that is aborted after a time, with a TimeoutError as its reason. It does not keep the process alive. */
  timeout(milliseconds: number): AbortSignal;
  /** Runs `work` once everything that has arrived by now has been read. */
  soon(work: () => void): void;
}

/** The system's. Globals are looked up at each call, so that tests may replace them. */
export const SYSTEM_CLOCK: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  after: (milliseconds, work) => setTimeout(work, milliseconds),
  every: (milliseconds, work) => setInterval(work, milliseconds),
  clear: (timer) => clearTimeout(timer),
  sleep: (milliseconds, options) => sleep(milliseconds, undefined, options),
  timeout: (milliseconds) => AbortSignal.timeout(milliseconds),
  soon: (work) => {
    setImmediate(work);
  },
};

/** The clock of this process. */
export let clock: Clock = SYSTEM_CLOCK;

/** Runs everything in this process on another clock from now on. */
export function useClock(other: Clock): void {
  clock = other;
}
