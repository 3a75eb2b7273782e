import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** The revision whose frozen list of server scenarios is run. */
const revision = "2025-11-25";

// Limits for a hang, no measures of speed: a whole run takes a few seconds.
const scenarioTimeoutMs = 10_000;
const runTimeoutMs = 150_000;

/** How many checks of a scenario ended how, and why the failed ones failed. */
export interface ScenarioCounts {
  success: number;
  failure: number;
  warning: number;
  skipped: number;
  info: number;
  failures: string[];
}

interface Check {
  id: string;
  status: "SUCCESS" | "FAILURE" | "WARNING" | "SKIPPED" | "INFO";
  errorMessage?: string;
}

/**
 * Runs the official conformance suite against the server at `url` and counts the checks of each
 * scenario: all scenarios of the revision, those that are not scored included, or the given ones.
 *
 * Read the counts, not only `failure`: the suite takes a scenario without a single SUCCESS for
 * passed. A scenario that broke off without a report counts as one failure.
 *
 * @throws if the suite does not run: unknown scenario, or killed after 150 s.
 */
export async function runConformance(
  url: string,
  { scenarios }: { scenarios?: readonly string[] } = {},
): Promise<Map<string, ScenarioCounts>> {
  const folder = await mkdtemp(join(tmpdir(), "conformance-"));
  try {
    if (scenarios === undefined) await runSuite(url, folder, ["--requirements", revision]);
    for (const scenario of scenarios ?? []) {
      await runSuite(url, folder, ["--scenario", scenario, "--spec-version", revision]);
    }
    return await readCounts(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function runSuite(url: string, folder: string, selection: string[]): Promise<void> {
  const suite = createRequire(import.meta.url).resolve(
    "@modelcontextprotocol/conformance/package.json",
  );
  const child = spawn(
    process.execPath,
    [
      join(dirname(suite), "dist/index.js"),
      "server",
      ...["--url", url, "--output-dir", folder, "--timeout", String(scenarioTimeoutMs)],
      ...selection,
    ],
    { stdio: ["ignore", "pipe", "pipe"], timeout: runTimeoutMs },
  );
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  const [, signal] = await once(child, "close");
  // Exit code 1 is also that of a failed check, so what tells whether the suite ran are its reports.
  const ran = (await readdir(folder)).length > 0;
  if (signal !== null || !ran) throw new Error(`The conformance suite did not run:\n${output}`);
}

async function readCounts(folder: string): Promise<Map<string, ScenarioCounts>> {
  const counts = new Map<string, ScenarioCounts>();
  for (const name of await readdir(folder)) {
    // The suite names a report's folder after the scenario and the time.
    const scenario = /^server-(.+)-\d{4}-\d\d-\d\dT[\d-]+Z$/.exec(name)?.[1];
    if (scenario === undefined) throw new Error(`Unexpected report of the suite: ${name}`);
    counts.set(scenario, countChecks(await readChecks(join(folder, name, "checks.json"))));
  }
  return counts;
}

async function readChecks(path: string): Promise<Check[]> {
  try {
    return JSON.parse(await readFile(path, "utf8"));
  } catch {
    return [{ id: "report", status: "FAILURE", errorMessage: "the scenario left no report" }];
  }
}

function countChecks(checks: Check[]): ScenarioCounts {
  const withStatus = (status: Check["status"]) => checks.filter((check) => check.status === status);
  const failed = withStatus("FAILURE");
  return {
    success: withStatus("SUCCESS").length,
    failure: failed.length,
    warning: withStatus("WARNING").length,
    skipped: withStatus("SKIPPED").length,
    info: withStatus("INFO").length,
    failures: failed.map(({ id, errorMessage }) => `${id}: ${errorMessage ?? "no reason given"}`),
  };
}
