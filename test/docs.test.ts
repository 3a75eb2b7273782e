import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { TABLES, withTables } from "../docs/tables.ts";

const read = (file: string) => readFileSync(new URL(`../docs/${file}`, import.meta.url), "utf8");

test.each([...new Set(TABLES.map(({ file }) => file))])(
  "the tables of docs/%s are up to date",
  (file) => {
    const page = read(file);
    expect(withTables(file, page), "run: make docs").toBe(page);
  },
);

test("a page without the marks of its table is not passed over", () => {
  expect(() => withTables("settings.md", "# Settings")).toThrow("no marks for the table settings");
});
