import { describe, expect, it } from "vitest";
import type { TokenRequest } from "../../runtime/fleet/limit-store.ts";
import { type MakeStore, MINUTE_MS, useStore } from "./store-under-test.ts";

const of = (bucket: string, tokens: number, cost = 1): TokenRequest => ({
  bucket,
  tokens,
  periodMs: MINUTE_MS,
  cost,
});

/** What every store of limits keeps to. */
export function describeLimitStore(name: string, makeStore: MakeStore): void {
  describe(`the limit store ${name}`, () => {
    const at = useStore(makeStore);

    it("lets 5 of 20 that ask at once take of a bucket of 5, and says when the next may", async () => {
      const asked = await Promise.all(
        Array.from({ length: 20 }, () => at.store.limits.take([of("a", 5)])),
      );
      const refused = asked.filter(({ kind }) => kind === "exhausted");
      expect(refused).toHaveLength(15);
      for (const one of refused) {
        expect(one).toMatchObject({ index: 0 });
        expect("retryMs" in one && one.retryMs).toBeGreaterThan(MINUTE_MS * 0.9);
        expect("retryMs" in one && one.retryMs).toBeLessThanOrEqual(MINUTE_MS * 1.1);
      }
    });

    it("takes of 2 buckets, or of none: the first is full again where the second refuses", async () => {
      await at.store.limits.take([of("b", 1)]);
      const both = await at.store.limits.take([of("a", 1), of("b", 1)]);
      expect(both).toMatchObject({ kind: "exhausted", index: 1 });
      expect(await at.store.limits.take([of("a", 1)])).toMatchObject({ kind: "taken" });
    });

    it("never lets more than 5 through in any minute, however they come", async () => {
      const takenAt: number[] = [];
      const start = at.nowMs;
      for (let second = 0; second < 300; second += 1) {
        at.nowMs = start + second * 1_000;
        if ((await at.store.limits.take([of("a", 5)])).kind === "taken") takenAt.push(second);
      }
      const worst = Math.max(
        ...takenAt.map((from) => takenAt.filter((one) => one >= from && one < from + 60).length),
      );
      expect(worst).toBe(5);
      // A token comes back at most a tenth of the period late.
      expect(takenAt.length).toBeGreaterThanOrEqual(20);
    });

    it("takes several tokens at once, as many as bytes, and none of a bucket with too few", async () => {
      expect(await at.store.limits.take([of("a", 10, 7)])).toMatchObject({ kind: "taken" });
      expect(await at.store.limits.take([of("a", 10, 4)])).toMatchObject({ kind: "exhausted" });
      expect(await at.store.limits.take([of("a", 10, 3)])).toMatchObject({ kind: "taken" });
    });
  });
}
