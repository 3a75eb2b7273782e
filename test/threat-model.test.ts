import { readFileSync } from "node:fs";
import { expect, it } from "vitest";

/** A cell of the table: the file of a test, and how its title begins or what it contains. */
const NAMED = /`(test\/[^`]+\.test\.ts)`: "([^"]+)"/g;

it("every defence of the threat model names a test that exists", () => {
  const page = readFileSync("docs/threat-model.md", "utf8");
  const rows = page
    .split("\n")
    .filter((line) => line.startsWith("| ") && !/^\| (?:Threat|---)/.test(line));
  expect(rows.length).toBeGreaterThan(15);
  expect(rows.filter((row) => row.match(NAMED) === null)).toEqual([]);
  const named = [...page.matchAll(NAMED)].map(([, file = "", title = ""]) => ({ file, title }));
  const missing = named.filter(({ file, title }) => !readFileSync(file, "utf8").includes(title));
  expect(missing).toEqual([]);
});
