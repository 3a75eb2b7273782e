import { expect, it } from "vitest";
import { matchingWork, TemplateIndex } from "../../runtime/catalog/template-index.ts";

const LONG_URI = `test://${"x".repeat(7_900)}`;

const templates = (count: number, make: (index: number) => string) =>
  new TemplateIndex(
    Array.from({ length: count }, (_, index) => ({ name: make(index), provider: "x" })),
  );

it("10,000 templates of 4 variables and a URI of 7,907 characters: 2,000,000 characters are gone through, not 400,000,000", () => {
  const index = templates(10_000, (at) => `test://{a}/{b}/{c}/{d}${at}`);
  const work = matchingWork();
  expect(index.find(LONG_URI, work)).toBeUndefined();
  expect(work.steps).toBeLessThan(0);
  expect(work.steps).toBeGreaterThan(-100_000);
});

it("10,000 templates that begin otherwise cost nothing, and the one that fits is found", () => {
  const index = templates(10_000, (at) => `test${at}://{a}/{b}/{c}/{d}`);
  const work = matchingWork();
  const before = work.steps;
  expect(index.find("test9999://1/2/3/4", work)?.text).toBe("test9999://{a}/{b}/{c}/{d}");
  expect(before - work.steps).toBeLessThan(200);
});

it("a template of 33 variables, or longer than 8,000 characters, makes no URI", () => {
  const many = Array.from({ length: 33 }, (_, at) => `{v${at}}`).join("/");
  expect(templates(1, () => many).find(Array(33).fill("1").join("/"))).toBeUndefined();
  const long = `a://${"b".repeat(8_000)}`;
  expect(templates(1, () => long).find(long)).toBeUndefined();
});
