import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";

const CI = join(import.meta.dirname, "../.ci/run");

/** In front of everything else on PATH. */
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "mcp-fleet-ci-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Runs CI with a `make` whose targets do this instead. */
function runCi(targets: Readonly<Record<"e2e" | "test", string>>) {
  const cases = Object.entries(targets).map(([name, script]) => `${name}) ${script};;`);
  const make = join(folder, "make");
  writeFileSync(make, `#!/bin/sh\ncase $1 in ${cases.join("\n")}\nesac\n`);
  chmodSync(make, 0o755);
  const env = { ...process.env, PATH: `${folder}:${process.env.PATH}`, SEED: "7" };
  const { status, stdout } = spawnSync("bash", [CI], { env, encoding: "utf8" });
  return { status, lines: stdout.trimEnd().split("\n") };
}

it("adds up what a cluster and the tests say: 12 and 700 passed are 712, and exit 0", () => {
  const { status, lines } = runCi({
    e2e: "echo 12 passed, 0 failed",
    test: "echo 700 passed, 0 failed",
  });
  expect(lines.at(-1)).toBe("712 passed, 0 failed");
  expect(status).toBe(0);
});

it("goes on to the tests when 1 claim does not hold, and exits 1", () => {
  const { status, lines } = runCi({
    e2e: "echo 11 passed, 1 failed; echo 'make: *** Error 1'; exit 2",
    test: "echo 700 passed, 2 failed; exit 2",
  });
  expect(lines.at(-1)).toBe("711 passed, 3 failed");
  expect(status).toBe(1);
});

it.each([
  ["a cluster is missing", "exit 2", "echo 700 passed, 0 failed", "700 passed, 1 failed"],
  ["the linter stops the tests", "echo 12 passed, 0 failed", "exit 2", "12 passed, 1 failed"],
])("counts 1 failure where %s", (_, e2e, test, last) => {
  const { status, lines } = runCi({ e2e, test });
  expect(lines.at(-1)).toBe(last);
  expect(status).toBe(1);
});

it("names at its end again the 2 that failed, each in a part of its own", () => {
  const { lines } = runCi({
    e2e: "echo 'failed: no call is cut: 20 calls'; echo 11 passed, 1 failed; exit 2",
    test: "echo 'failed: test/wire.test.ts  a line: 1 is not 2'; echo 7 passed, 1 failed; exit 2",
  });
  expect(lines.slice(-4)).toEqual([
    "failed: no call is cut: 20 calls",
    "failed: test/wire.test.ts  a line: 1 is not 2",
    "",
    "18 passed, 2 failed",
  ]);
});

it("requires every part, and prints the seed with which it can be run again", () => {
  const show = `echo "$FLEET_REQUIRE_ALL with $SEED"`;
  const { lines } = runCi({ e2e: show, test: show });
  expect(lines[0]).toBe("SEED=7");
  expect(lines.filter((line) => line === "1 with 7")).toHaveLength(2);
});
