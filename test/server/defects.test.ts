import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";

const ROOT = join(import.meta.dirname, "../..");

/** A process that does not handle 2 failures. */
const SCRIPT = `
import { Metrics } from "${ROOT}/runtime/telemetry/metrics.ts";
import { buildLog } from "${ROOT}/runtime/telemetry/log.ts";
import { surviveDefects } from "${ROOT}/runtime/server/defects.ts";
const metrics = new Metrics();
surviveDefects(metrics, buildLog("info", "gateway"));
Promise.reject(new Error("first"));
Promise.reject(new Error("second"));
setTimeout(async () => console.log(await metrics.text()), 0);
`;

it("a process lives on after 2 failures that nobody handles: 2 lines of the log with a stack, and a metric that says 2", async () => {
  const args = ["--input-type=module-typescript", "--eval", SCRIPT];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, args, { cwd: ROOT });
  const lines = stderr.split("\n").filter((line) => line.includes("a defect"));
  expect(lines.map((line) => JSON.parse(line).error.message)).toEqual(["first", "second"]);
  expect(JSON.parse(lines[0] ?? "").error.stack).toContain("Error: first");
  expect(stdout).toContain("mcp_fleet_defects_total 2");
});
