import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { code, markdown } from "../../tools/docs/generated-table.ts";
import { COLUMNS, type Column } from "./columns.ts";
import type { Outcome } from "./probe.ts";
import { AREAS } from "./rows/rows.ts";

const PAGE = join(import.meta.dirname, "../../docs/odd-servers.md");

export const COLUMN_NAMES = Object.keys(COLUMNS) as Column[];

/** How far the clients of each column get, by row. */
export type Outcomes = ReadonlyMap<string, Partial<Record<Column, Outcome>>>;

const isOutcome = (text: string | undefined): text is Outcome =>
  text === "works" || /^fails to (?:connect|list|call)$/.test(text ?? "");

/** What docs/odd-servers.md says, which is the only record of it. */
export function pageOutcomes(): Outcomes {
  const said = new Map<string, Partial<Record<Column, Outcome>>>();
  for (const line of readFileSync(PAGE, "utf8").split("\n")) {
    const [, name, , ...cells] = line.split(/(?<!\\)\|/).map((cell) => cell.trim());
    const row = name?.match(/^`([a-z0-9-]+)`$/)?.[1];
    if (row === undefined) continue;
    const entries = COLUMN_NAMES.flatMap((column, index) => {
      const outcome = cells[index];
      return isOutcome(outcome) ? [[column, outcome] as const] : [];
    });
    said.set(row, Object.fromEntries(entries));
  }
  return said;
}

/** The page with the tables that these outcomes make, one for each area. */
function withOutcomes(page: string, outcomes: Outcomes): string {
  return Object.entries(AREAS).reduce((text, [area, rows]) => {
    const begin = `<!-- BEGIN generated: ${area} -->`;
    const from = text.indexOf(begin);
    const to = text.indexOf("<!-- END generated -->", from);
    if (from < 0 || to < 0) throw new Error(`docs/odd-servers.md has no marks for ${area}`);
    const lines = rows.map(({ name, input, shortfall }) => {
      const said = outcomes.get(name) ?? {};
      return [code(name), input, ...COLUMN_NAMES.map((one) => said[one] ?? "–"), shortfall ?? ""];
    });
    const table = markdown(["Path", "The server", ...Object.values(COLUMNS), "Why"], lines);
    return `${text.slice(0, from + begin.length)}\n\n${table}\n\n${text.slice(to)}`;
  }, page);
}

/** Whether the page is as its rows and what it says of them make it. */
export function isUpToDate(): boolean {
  const page = readFileSync(PAGE, "utf8");
  return page === withOutcomes(page, pageOutcomes());
}

export function writePage(outcomes: Outcomes): void {
  writeFileSync(PAGE, withOutcomes(readFileSync(PAGE, "utf8"), outcomes));
}
