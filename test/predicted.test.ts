import { describe, expect, it } from "vitest";

import type { Cell } from "../testkit/planned/cell.ts";
import { excess, MAX_EXCESS } from "../testkit/planned/comparison.ts";
import { measurePeak } from "../testkit/planned/peak.ts";
import { hasRedis } from "../testkit/processes/redis.ts";

/** The smallest loads of `make predicted`, which measures all of them. */
const CELLS: readonly Cell[] = [
  { sessions: 100, backends: 1 },
  { sessions: 100, backends: 3 },
];

/** At full speed, so that memory is that of compiled code, but not until the heap stops growing. */
const HURRIED_CALLS = 1_000;

describe.skipIf(!hasRedis)("a gateway under the limits of its plan", () => {
  it.each(CELLS)(
    "serves $sessions sessions with $backends backends, a stream each and 10 calls at a time: no more than planned of descriptors, memory and the store's memory, and of the first and the last not 1.3 times less",
    async (cell) => {
      const { descriptors, memory, store } = await measurePeak(cell, HURRIED_CALLS);
      for (const { used, limit } of [descriptors, memory, store]) {
        expect(used).toBeGreaterThan(0);
        expect(used).toBeLessThanOrEqual(limit);
      }
      expect(excess(descriptors)).toBeLessThanOrEqual(MAX_EXCESS);
      expect(excess(store)).toBeLessThanOrEqual(MAX_EXCESS);
    },
  );
});
