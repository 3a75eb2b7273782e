import { countFrom } from "../environment.ts";
import type { Findings } from "../part.ts";
import { tested } from "../test-run.ts";

const FILE = "test/redis-sentinel/tls.test.ts";

/** A certificate is taken within a minute, and waited for until it has expired. */
const LONGEST_TEST_MS = 600_000;

/** The store's servers and Sentinels with certificates that expire, each replaced in time by one of another authority. */
export async function run(say: (text: string) => void): Promise<Findings> {
  const renewals = countFrom("RENEWALS", 10);
  const seconds = countFrom("CERTIFICATE_SECONDS", 90);
  const variables = { RENEWALS: String(renewals), CERTIFICATE_SECONDS: String(seconds) };
  const { testResults } = await tested([FILE, `--testTimeout=${LONGEST_TEST_MS}`], variables);
  const tests = testResults.flatMap(({ assertionResults }) => assertionResults);
  for (const { fullName, failureMessages } of tests) {
    for (const message of failureMessages) say(`${fullName}: ${message}`);
  }
  return {
    setup: `${renewals} renewals of certificates that last ${seconds} s, each time until the replaced one had expired, while 8 clients write`,
    columns: ["What the store does", "Outcome"],
    rows: tests.map(({ fullName, status }) => ({
      cells: [fullName, status],
      holds: status === "passed",
    })),
  };
}
