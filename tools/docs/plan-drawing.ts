import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import type { Plan } from "@mcp-fleet/contract/capacity";
import { planSvg } from "../plan-drawing/plan-drawing.ts";

const COMMAND = /^mcp-fleet plan ((?:.*\\\n)*.*)\n```\n\n!\[.*\]\(plan\.svg\)$/m;

/** The picture of docs/capacity.md. */
export const DRAWING_FILE = join(import.meta.dirname, "../../docs/plan.svg");

/** What the command above that picture plans, drawn. */
export function planDrawing(): string {
  const page = readFileSync(join(import.meta.dirname, "../../docs/capacity.md"), "utf8");
  const [, options = ""] = COMMAND.exec(page) ?? [];
  const main = join(import.meta.dirname, "../../runtime/cli/main.ts");
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [main, "plan", "--json", ...options.split(/[\s\\]+/)],
    { encoding: "utf8" },
  );
  if (status !== 0) throw new Error(`mcp-fleet plan ${options}: ${stderr}`);
  const plan: Plan = JSON.parse(stdout);
  return planSvg(plan);
}
