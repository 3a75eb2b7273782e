import { expect, it, onTestFinished } from "vitest";
import { Backoff } from "../../runtime/platform/backoff.ts";
import { SYSTEM_RANDOM, useRandom } from "../../runtime/platform/random.ts";

function withFraction(fraction: number): Backoff {
  useRandom({ ...SYSTEM_RANDOM, fraction: () => fraction });
  onTestFinished(() => useRandom(SYSTEM_RANDOM));
  return new Backoff({ firstMs: 100, maxMs: 1_000 });
}

const pauses = (backoff: Backoff, count: number) =>
  Array.from({ length: count }, () => Math.round(backoff.nextMs()));

it("pauses double from 100 ms to 1 s, each between half of that and all of it", () => {
  expect(pauses(withFraction(0), 6)).toEqual([50, 100, 200, 400, 500, 500]);
  expect(pauses(withFraction(0.9999), 6)).toEqual([100, 200, 400, 800, 1000, 1000]);
});

it("a pause that the server asked for is never cut short, grows too, and is spread over half as much more", () => {
  const backoff = withFraction(0);
  expect([10, 10, 10].map((askedMs) => backoff.nextMs(askedMs))).toEqual([10, 20, 40]);
  expect(withFraction(0).nextMs(5_000)).toBe(5_000);
  expect(withFraction(0.9999).nextMs(5_000)).toBeCloseTo(7_500, -1);
});

it("a server may ask for 10 ms to 60 s", () => {
  expect(withFraction(0).nextMs(0)).toBe(10);
  expect(withFraction(0).nextMs(3_600_000)).toBe(60_000);
});

it("what worked for less than the longest pause and ended is not a success: the pauses go on growing", () => {
  const backoff = withFraction(0);
  pauses(backoff, 3);
  backoff.endedAfter(999);
  expect(pauses(backoff, 1)).toEqual([400]);
  backoff.endedAfter(1_000);
  expect(pauses(backoff, 1)).toEqual([50]);
});
