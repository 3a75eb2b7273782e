import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const COMMAND = /^mcp-fleet plan ((?:.*\\\n)*.*) > docs\/plan\.svg$/m;

/** The picture of docs/capacity.md. */
export const DRAWING_FILE = join(import.meta.dirname, "plan.svg");

/** What the command beside that picture prints. */
export function planDrawing(): string {
  const page = readFileSync(join(import.meta.dirname, "capacity.md"), "utf8");
  const [, options = ""] = COMMAND.exec(page) ?? [];
  const main = join(import.meta.dirname, "../runtime/main.ts");
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [main, "plan", ...options.split(/[\s\\]+/)],
    { encoding: "utf8" },
  );
  if (status !== 0) throw new Error(`mcp-fleet plan ${options}: ${stderr}`);
  return stdout;
}
