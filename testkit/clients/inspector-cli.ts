import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const program = join(import.meta.dirname, "../../node_modules/.bin/mcp-inspector");

// A limit for a hang, no measure of speed: one run takes two seconds.
const timeoutMs = 150_000;

/** Runs the MCP Inspector's command line against `url`; answers the result that it prints. */
export async function inspect(url: string, ...args: string[]): Promise<Record<string, unknown>> {
  const home = await mkdtemp(join(tmpdir(), "inspector-"));
  try {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [program, "--cli", url, "--transport", "http", ...args],
      { env: { PATH: process.env.PATH, HOME: home }, timeout: timeoutMs },
    );
    return JSON.parse(stdout);
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}
