import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { markdown } from "../tools/docs/generated-table.ts";
import { pageOf } from "./page.ts";
import type { Part } from "./part.ts";
import { PARTS } from "./parts.ts";

const FOLDER = join(import.meta.dirname, "../docs/proof");

function list(): void {
  const width = Math.max(...[...PARTS.keys()].map((name) => name.length));
  for (const [name, { about, settings }] of PARTS) {
    const given = Object.entries(settings).map(([setting, fallback]) => `${setting}: ${fallback}`);
    const shown = given.length === 0 ? "" : ` (${given.join(", ")})`;
    console.log(`  make proof PART=${name.padEnd(width)}  ${about}${shown}`);
  }
}

/** Ends as a run of tests does, with the line that CI reads. */
async function prove(name: string, part: Part): Promise<void> {
  const startMs = performance.now();
  const say = (text: string) => {
    const seconds = ((performance.now() - startMs) / 1000).toFixed(0);
    console.log(`${seconds.padStart(5)} s  ${text}`);
  };
  const { run } = await part.load();
  const findings = await run(say);
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(join(FOLDER, `${name}.md`), pageOf(name, part, findings));
  const { columns, rows } = findings;
  const failed = rows.filter(({ holds }) => !holds);
  console.log(
    `\n${markdown(
      columns,
      (failed.length > 0 ? failed : rows).map(({ cells }) => cells),
    )}`,
  );
  console.log(`\n${findings.setup}: docs/proof/${name}.md`);
  console.log(`\n${rows.length - failed.length} passed, ${failed.length} failed`);
  process.exitCode = failed.length === 0 ? 0 : 1;
}

// What was started ends with this process, also where it is told to end.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));

const [name] = process.argv.slice(2);
const part = PARTS.get(name ?? "");
try {
  if (name === undefined) list();
  else if (part !== undefined) await prove(name, part);
  else throw new Error(`PART=${name} must be one of ${[...PARTS.keys()].join(", ")}`);
} catch (error) {
  console.error(`proof: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
