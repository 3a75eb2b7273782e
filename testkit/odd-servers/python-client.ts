import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Found, Target } from "./probe.ts";

const FOLDER = join(import.meta.dirname, "../../.tools/python");
const SCRIPT = join(import.meta.dirname, "python_client.py");

/** A program of an environment in .tools/python. */
export const pythonProgram = (environment: string, program = "python") =>
  join(FOLDER, environment, "bin", program);

/** `make test` gets them where it can; without them, these tests are skipped by name, or fail in CI. */
export const hasPython = (environment: string) => existsSync(join(FOLDER, environment, "ready"));

/**
 * How far the Python SDK's client in that environment, or FastMCP's, gets with each target, by row.
 *
 * @throws it did not get through, with its output.
 */
export async function probeWithPython(
  environment: string,
  targets: readonly Target[],
  client: "sdk" | "fastmcp" = "sdk",
): Promise<Map<string, Found>> {
  const child = spawn(pythonProgram(environment), [SCRIPT, client], {
    stdio: ["pipe", "pipe", "pipe"],
  });
  const exit = once(child, "exit");
  const found = new Map<string, Found>();
  const said: string[] = [];
  createInterface({ input: child.stderr }).on("line", (line) => said.push(line));
  child.stdin.end(JSON.stringify(targets));
  for await (const line of createInterface({ input: child.stdout })) {
    const { row, ...one }: Found & { row: string } = JSON.parse(line);
    found.set(row, one);
  }
  await exit;
  const lacks = targets.filter(({ row }) => !found.has(row)).map(({ row }) => row);
  if (lacks.length > 0) throw new Error(`nothing said of ${lacks}:\n${said.slice(-20).join("\n")}`);
  return found;
}
