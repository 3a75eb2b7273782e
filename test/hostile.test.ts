import { expect, it } from "vitest";
import type { ErrorName } from "../runtime/wire/error-table.ts";
import { ABUSES } from "../testkit/hostile/abuses.ts";
import { hostileLoad } from "../testkit/hostile/hostile-load.ts";

/** The errors by which a limit refuses. */
const LIMITS: readonly string[] = [
  "TOO_MANY_CALLS",
  "RATE_LIMITED",
  "AT_CAPACITY",
] satisfies ErrorName[];

it(`1,000 calls of 100 honest sessions amid ${ABUSES.size} kinds of abuse are answered or refused by a named limit, within the plan's memory`, async () => {
  const outcome = await hostileLoad({ sessions: 100, callsPerSession: 10, plannedSessions: 500 });
  expect(ABUSES.size).toBeGreaterThanOrEqual(20);
  expect(Math.min(...Object.values(outcome.attempts))).toBeGreaterThan(0);
  expect(outcome.failedProbes).toEqual([]);
  expect(Object.keys(outcome.refused).filter((name) => !LIMITS.includes(name))).toEqual([]);
  expect(outcome.answered).toBeGreaterThan(0);
  expect(outcome.defects).toEqual([]);
  expect(outcome.peakRssBytes).toBeLessThanOrEqual(outcome.plannedBytes);
});
