import { spawn } from "node:child_process";
import { once } from "node:events";
import { globSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";

import { seed as randomSeed } from "../../testkit/seed.ts";
import { countFrom } from "../environment.ts";
import type { Findings } from "../part.ts";

const ROOT = join(import.meta.dirname, "../..");

/** A test that makes up its input has one of these. */
const SEEDED = /from "(?:fast-check|[./]+\/testkit\/seed\.ts)"/;

/** What vitest writes of a run as JSON. */
interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

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
    for (const { name, status, assertionResults } of (await tested(files, seed)).testResults) {
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

async function tested(files: readonly string[], seed: number): Promise<Report> {
  const folder = mkdtempSync(join(tmpdir(), "mcp-fleet-seeds-"));
  const outputFile = join(folder, "report.json");
  try {
    const args = ["run", "--reporter=json", `--outputFile=${outputFile}`, ...files];
    const child = spawn(join(ROOT, "node_modules/.bin/vitest"), args, {
      cwd: ROOT,
      env: { ...process.env, SEED: String(seed) },
      stdio: ["ignore", "ignore", "pipe"],
    });
    const said = child.stderr.setEncoding("utf8").toArray();
    await once(child, "close");
    try {
      return JSON.parse(readFileSync(outputFile, "utf8"));
    } catch (cause) {
      const text = `the tests did not run:\n${(await said).join("")}`;
      throw new Error(text, { cause });
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
