import { globSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";

import { seed as randomSeed } from "../../testkit/seed.ts";
import { countFrom } from "../environment.ts";
import type { Findings } from "../part.ts";
import { ROOT, tested } from "../test-run.ts";

/** A test that makes up its input has one of these. */
const SEEDED = /from "(?:fast-check|[./]+\/testkit\/seed\.ts)"/;

interface Tally {
  passed: number;
  /** The tests that failed, with the seed each. */
  readonly failed: string[];
}

/** Each round is a run of all of them, with the next seed. */
export async function run(say: (text: string) => void): Promise<Findings> {
  const first = countFrom("SEED", (randomSeed % 999_999_999) + 1);
  const rounds = countFrom("ROUNDS", 20);
  const files = globSync("test/**/*.test.ts", { cwd: ROOT })
    .filter((file) => SEEDED.test(readFileSync(join(ROOT, file), "utf8")))
    .toSorted();
  const tallies = new Map<string, Tally>(files.map((file) => [file, { passed: 0, failed: [] }]));
  for (let seed = first; seed < first + rounds; seed += 1) {
    for (const { name, status, assertionResults } of (await tested(files, { SEED: String(seed) }))
      .testResults) {
      const tally = tallies.get(relative(ROOT, name));
      if (tally === undefined) throw new Error(`${name} was not asked for`);
      const failed = assertionResults.filter((one) => one.status === "failed");
      tally.passed += assertionResults.filter((one) => one.status === "passed").length;
      tally.failed.push(...failed.map(({ fullName }) => `${fullName} (SEED=${seed})`));
      // It ended before its first test.
      if (status === "failed" && failed.length === 0) tally.failed.push(`the file (SEED=${seed})`);
    }
    const failures = [...tallies.values()].flatMap(({ failed }) => failed);
    say(`seed ${seed}: ${files.length} files, ${failures.length} failures so far`);
  }
  return {
    setup: `${rounds} rounds, seeds ${first} to ${first + rounds - 1}`,
    columns: ["Tests", "Passed", "Failed", "Which"],
    rows: [...tallies].map(([file, { passed, failed }]) => ({
      cells: [file, String(passed), String(failed.length), failed.slice(0, 5).join("; ") || "–"],
      holds: failed.length === 0 && passed > 0,
    })),
  };
}
