import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export const ROOT = join(import.meta.dirname, "..");

/** What vitest writes of a run as JSON. */
export interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly assertionResults: readonly {
      readonly fullName: string;
      readonly status: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
}

/**
 * Runs these test files, with these variables.
 *
 * @throws they do not run.
 */
export async function tested(
  files: readonly string[],
  variables: Readonly<Record<string, string>>,
): Promise<Report> {
  const folder = mkdtempSync(join(tmpdir(), "mcp-fleet-proof-"));
  const outputFile = join(folder, "report.json");
  try {
    const args = ["run", "--reporter=json", `--outputFile=${outputFile}`, ...files];
    const child = spawn(join(ROOT, "node_modules/.bin/vitest"), args, {
      cwd: ROOT,
      env: { ...process.env, ...variables },
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
