import { execFileSync } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";

import { Engine } from "../../infra/redis/engine.ts";
import { hasEngine, serverProgram } from "../../testkit/processes/store-engine.ts";
import type { Findings } from "../part.ts";
import { ROOT, tested } from "../test-run.ts";

/** A test with a store gets it by one of these. */
const WITH_STORE =
  /\/testkit\/(?:processes\/(?:redis|redis-cluster|sentinel-group|fleet)|redis-sentinel\/[a-z-]+|planned\/cell)\.ts"/;

/** All tests that have a store run on the engine that is not the default. */
export async function run(say: (text: string) => void): Promise<Findings> {
  const engine = process.env.FLEET_STORE_ENGINE || Engine.Redis;
  const found = Object.values(Engine).find((one) => one === engine);
  if (found === undefined || !hasEngine(found)) {
    throw new Error(`there is no FLEET_STORE_ENGINE=${engine} to test with`);
  }
  const [version = ""] = /\d+\.\d+\.\d+/.exec(
    execFileSync(serverProgram(found), ["--version"], { encoding: "utf8" }),
  ) ?? [""];
  const files = globSync("test/**/*.test.ts", { cwd: ROOT })
    .filter((file) => WITH_STORE.test(readFileSync(join(ROOT, file), "utf8")))
    .toSorted();
  say(`${files.length} files on ${engine} ${version}`);
  const { testResults } = await tested(files, { FLEET_STORE_ENGINE: engine });
  return {
    setup: `${engine} ${version}`,
    columns: ["Tests", "Passed", "Failed", "Which"],
    rows: testResults
      .map(({ name, status, assertionResults }) => {
        const failed = assertionResults.filter((one) => one.status === "failed");
        const passed = assertionResults.filter((one) => one.status === "passed").length;
        const which = failed.slice(0, 5).map(({ fullName }) => fullName);
        if (status === "failed" && failed.length === 0) which.push("the file");
        const cells = [relative(ROOT, name), String(passed), String(failed.length)];
        return {
          cells: [...cells, which.join("; ") || "–"],
          holds: which.length === 0 && passed > 0,
        };
      })
      .toSorted((one, other) => (one.cells[0] ?? "").localeCompare(other.cells[0] ?? "")),
  };
}
