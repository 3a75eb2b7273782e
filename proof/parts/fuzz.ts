import { seed as randomSeed } from "../../testkit/seed.ts";
import { countFrom } from "../environment.ts";
import type { Findings } from "../part.ts";
import { tested } from "../test-run.ts";

const FOLDER = "test/fuzz";

/** More than vitest gives a test on its own: the runs of one property take as long as they are many. */
const TIMEOUT_ARGUMENT = "--testTimeout=3600000";

export async function run(say: (text: string) => void): Promise<Findings> {
  const seed = countFrom("SEED", (randomSeed % 999_999_999) + 1);
  const runs = countFrom("FUZZ_RUNS", 1_000);
  const variables = { SEED: String(seed), FUZZ_RUNS: String(runs) };
  const { testResults } = await tested([FOLDER, TIMEOUT_ARGUMENT], variables);
  const tests = testResults.flatMap(({ assertionResults }) => assertionResults);
  for (const { fullName, failureMessages } of tests) {
    for (const message of failureMessages) say(`${fullName}: ${message}`);
  }
  return {
    setup: `seed ${seed}, ${runs} runs of each property`,
    columns: ["Property, with the numbers of a short run", "Outcome"],
    rows: tests.map(({ fullName, status }) => ({
      cells: [fullName, status],
      holds: status === "passed",
    })),
  };
}
