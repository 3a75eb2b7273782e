import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { measureCalls } from "./calls.ts";
import { Fleet } from "./fleet.ts";
import { goalTable } from "./goals.ts";
import { measureLists } from "./lists.ts";
import { withFigures } from "./page.ts";
import { measureRestore } from "./restore.ts";
import { measureSessions } from "./sessions.ts";
import { isToolhiveOnPath } from "./toolhive.ts";

const PAGE = join(import.meta.dirname, "../docs/performance.md");

/** Each part has a fleet of its own, so that none pays for what another one left behind. */
async function onFleet<T>(what: string, measure: (fleet: Fleet) => Promise<T>): Promise<T> {
  const startedAtMs = performance.now();
  const fleet = await Fleet.start();
  try {
    return await measure(fleet);
  } finally {
    await fleet.stop();
    const seconds = (performance.now() - startedAtMs) / 1000;
    process.stdout.write(`${what}: measured in ${seconds.toFixed(0)} s\n`);
  }
}

const isThere = isToolhiveOnPath();
process.stdout.write(`ToolHive's proxy is ${isThere ? "" : "not "}on PATH: not measured\n`);
const figures = {
  calls: await onFleet("calls", measureCalls),
  lists: await onFleet("lists", measureLists),
  restore: await onFleet("restores", measureRestore),
  sessions: await onFleet("sessions", measureSessions),
};
writeFileSync(PAGE, withFigures(readFileSync(PAGE, "utf8"), figures));
process.stdout.write(`\n${goalTable(figures)}\n\nall figures: docs/performance.md\n`);
