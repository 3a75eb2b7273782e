import { type Column, SDKS } from "./columns.ts";
import type { Outcomes } from "./page.ts";
import type { Outcome } from "./probe.ts";
import { ROWS } from "./rows/rows.ts";

/** The servers that an official SDK works with directly, and not through us, but for those that say why. */
export function shortfallsOf(outcomes: Outcomes, column: Column): string[] {
  return ROWS.filter(({ name, shortfall }) => {
    const said = outcomes.get(name);
    return worksDirectly(said) && said?.[column] !== "works" && shortfall === undefined;
  }).map(({ name }) => name);
}

/** Whether an official SDK works with a server without us. */
export function worksDirectly(said: Partial<Record<Column, Outcome>> | undefined): boolean {
  return SDKS.some((sdk) => said?.[sdk] === "works");
}
