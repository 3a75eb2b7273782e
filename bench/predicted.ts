import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { CELLS, type Cell, planOf } from "../testkit/planned/cell.ts";
import { isRight } from "../testkit/planned/comparison.ts";
import { measurePeak, type Peak } from "../testkit/planned/peak.ts";
import { nameOf, type Skipped, section, withSection } from "./planned-section.ts";

const PAGE = join(import.meta.dirname, "../docs/capacity.md");

const say = (line: string) => process.stdout.write(`${line}\n`);

/** What any process here may have open at most. */
function hardNofile(): number {
  const limits = readFileSync("/proc/self/limits", "utf8");
  const found = /^Max open files\s+\S+\s+(\d+)/m.exec(limits)?.[1];
  return found === undefined ? Number.POSITIVE_INFINITY : Number(found);
}

/** The clients have no more open than the gateway. */
function reasonToSkip(cell: Cell): string | undefined {
  const needed = planOf(cell).gateway.requiredNofile.value;
  const limit = hardNofile();
  if (needed <= limit) return undefined;
  return `it needs ${needed} open files, and the hard limit is ${limit} here`;
}

const peaks: Peak[] = [];
const skipped: Skipped[] = [];
for (const cell of CELLS) {
  const because = reasonToSkip(cell);
  if (because === undefined) {
    const startedAtMs = performance.now();
    peaks.push(await measurePeak(cell));
    const seconds = (performance.now() - startedAtMs) / 1000;
    say(`${nameOf(cell)}: measured in ${seconds.toFixed(0)} s`);
  } else {
    skipped.push({ cell, because });
    say(`${nameOf(cell)}: skipped, ${because}`);
  }
}
const text = section(peaks, skipped);
say(`\n${text}`);
if (process.argv.includes("--write")) {
  writeFileSync(PAGE, withSection(readFileSync(PAGE, "utf8"), text));
  say("\nwritten to docs/capacity.md");
}
const figures = peaks.flatMap(({ descriptors, memory, store }) => [descriptors, memory, store]);
if (!figures.every(isRight)) process.exitCode = 1;
