import { vi } from "vitest";

/** Long enough for a machine that is busy with every other test: it bounds a hang, and measures nothing. */
const PATIENCE = { timeout: 60_000, interval: 20 };

/** Runs an expectation again and again until it holds, and gives what it returned. */
export function eventually<Value>(expectation: () => Value | Promise<Value>): Promise<Value> {
  return vi.waitFor(expectation, PATIENCE);
}
