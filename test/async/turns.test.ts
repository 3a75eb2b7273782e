import { expect, it } from "vitest";
import { Turns } from "../../runtime/async/turns.ts";

it("of 5 pieces of work 2 run at a time, in their order, whether they fail or not", async () => {
  const turns = new Turns(() => 2);
  const begun: number[] = [];
  const gates = Array.from({ length: 5 }, () => Promise.withResolvers<number>());
  const done = gates.map(({ promise }, index) =>
    turns.run(() => {
      begun.push(index);
      return promise;
    }),
  );
  const settled = Promise.allSettled(done);
  expect(begun).toEqual([0, 1]);
  gates[1]?.reject(new Error("it fails"));
  await expect(done[1]).rejects.toThrow("it fails");
  expect(begun).toEqual([0, 1, 2]);
  for (const [index, gate] of gates.entries()) gate.resolve(index);
  await settled;
  expect(begun).toEqual([0, 1, 2, 3, 4]);
});
