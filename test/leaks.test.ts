import { expect, it } from "vitest";

import { soak } from "../testkit/clients/soak.ts";

it("500 abandoned sessions and 500 broken requests leave nothing behind, 3 times, and the heap within 10 %", async () => {
  const plan = { rounds: 3, roundSeconds: 5, abandoned: 500, calls: 1250, seed: 4 };
  const [, warmUp = 0, last = Number.NaN] = await soak(plan);
  expect(last).toBeLessThan(warmUp * 1.1);
});
