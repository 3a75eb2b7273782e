import { expect, it } from "vitest";
import { Coalescer } from "../../runtime/async/coalescer.ts";
import { SingleFlight } from "../../runtime/async/single-flight.ts";

/** Work that a test ends, and how often it was begun. */
function work() {
  const runs: PromiseWithResolvers<number>[] = [];
  const begin = () => {
    const run = Promise.withResolvers<number>();
    runs.push(run);
    return run.promise;
  };
  return { runs, begin };
}

it("a single flight runs once for 3 who ask while it runs, and again for the 4th after that", async () => {
  const flight = new SingleFlight<string, number>();
  const { runs, begin } = work();
  const asked = [1, 2, 3].map(() => flight.run("a", begin));
  expect([runs.length, flight.size]).toEqual([1, 1]);
  runs[0]?.resolve(7);
  expect(await Promise.all(asked)).toEqual([7, 7, 7]);
  expect(flight.size).toBe(0);
  void flight.run("a", begin);
  expect(runs).toHaveLength(2);
});

it("a single flight that fails fails for each of 2 who wait, and is no rejection that nobody handles", async () => {
  const flight = new SingleFlight<string, number>();
  const { runs, begin } = work();
  const asked = [1, 2].map(() => flight.run("a", begin));
  void flight.run("b", begin);
  for (const run of runs) run.reject(new Error("no"));
  for (const one of asked) await expect(one).rejects.toThrow("no");
});

it("a coalescer makes 2 runs of 3,000 requests, the 2nd after the 1st", async () => {
  const coalescer = new Coalescer<string, number>();
  const { runs, begin } = work();
  const asked = Array.from({ length: 3_000 }, () => coalescer.run("a", begin));
  expect(runs).toHaveLength(1);
  runs[0]?.resolve(1);
  await expect.poll(() => runs.length).toBe(2);
  runs[1]?.resolve(2);
  const answers = await Promise.all(asked);
  expect(answers.filter((answer) => answer === 1)).toHaveLength(1);
  expect(answers.filter((answer) => answer === 2)).toHaveLength(2_999);
});

it("a coalescer runs what waits also after a run that fails", async () => {
  const coalescer = new Coalescer<string, number>();
  const { runs, begin } = work();
  const [first, second] = [coalescer.run("a", begin), coalescer.run("a", begin)];
  runs[0]?.reject(new Error("no"));
  await expect(first).rejects.toThrow("no");
  await expect.poll(() => runs.length).toBe(2);
  runs[1]?.resolve(2);
  expect(await second).toBe(2);
});
