import { expect, it } from "vitest";
import { essential } from "../tools/docs/room-picture.ts";

const importsOf = (table: Record<string, string[]>) =>
  new Map(Object.entries(table).map(([from, to]) => [from, new Set(to)]));

it("draws 3 of 4 arrows where one follows from two others", () => {
  const imports = importsOf({ a: ["b", "c"], b: ["c"], c: ["d"], d: [] });
  expect(essential(imports)).toEqual(importsOf({ a: ["b"], b: ["c"], c: ["d"], d: [] }));
});

it("draws nothing of rooms that import each other, and names the circle", () => {
  const imports = importsOf({ a: ["b"], b: ["c"], c: ["a"] });
  expect(() => essential(imports)).toThrow("rooms import each other: a → b → c → a");
});
