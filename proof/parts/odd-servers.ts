import {
  COLUMNS,
  type Column,
  isMissing,
  measure,
  OURS,
} from "../../testkit/odd-servers/columns.ts";
import { COLUMN_NAMES, pageOutcomes, writePage } from "../../testkit/odd-servers/page.ts";
import type { Outcome } from "../../testkit/odd-servers/probe.ts";
import { ROWS } from "../../testkit/odd-servers/rows/rows.ts";
import { shortfallsOf, worksDirectly } from "../../testkit/odd-servers/shortfalls.ts";
import type { Findings, Row } from "../part.ts";

/** Measures every column as if nobody knew what to expect, and writes docs/odd-servers.md. */
export async function run(say: (text: string) => void): Promise<Findings> {
  const wanted = columnsFrom(process.env.COLUMNS);
  const known = pageOutcomes();
  const outcomes = new Map(ROWS.map(({ name }) => [name, { ...known.get(name) }]));
  const rows: Row[] = [];
  for (const column of wanted) {
    const isOurs = OURS.some((one) => one === column);
    const found = await measure(column, (row, one) => {
      if (one !== column) return outcomes.get(row)?.[one];
      return isOurs && worksDirectly(outcomes.get(row)) ? "works" : undefined;
    });
    for (const [row, { outcome, reason }] of found) {
      const before = known.get(row)?.[column];
      if (outcome !== before) say(`${COLUMNS[column]}, ${row}: ${before} → ${outcome} ${reason}`);
      outcomes.set(row, { ...outcomes.get(row), [column]: outcome });
    }
    const short = isOurs ? shortfallsOf(outcomes, column) : [];
    const count = (outcome: Outcome) =>
      String([...found.values()].filter((one) => one.outcome === outcome).length);
    rows.push({
      cells: [
        COLUMNS[column],
        count("works"),
        count("fails to connect"),
        count("fails to list"),
        count("fails to call"),
        isOurs ? short.join(", ") || "none" : "",
      ],
      holds: short.length === 0,
    });
    say(`${COLUMNS[column]}: ${count("works")} of ${found.size} work`);
  }
  writePage(outcomes);
  return {
    setup: `${ROWS.length} servers, each of them odd in one way: docs/odd-servers.md`,
    columns: [
      "Client",
      "Works",
      "Fails to connect",
      "Fails to list",
      "Fails to call",
      "Works directly only",
    ],
    rows,
  };
}

/** @throws a name is none, or its SDK is not installed. */
function columnsFrom(text: string | undefined): readonly Column[] {
  const names = (text ?? "").split(",").filter((name) => name !== "");
  const wanted = COLUMN_NAMES.filter((one) => names.length === 0 || names.includes(one));
  const unknown = names.filter((name) => !wanted.some((one) => one === name));
  if (unknown.length > 0) {
    throw new Error(`COLUMNS=${text} must be some of ${COLUMN_NAMES.join(", ")}`);
  }
  const missing = wanted.filter(isMissing);
  if (missing.length > 0) throw new Error(`${missing.join(", ")}: the SDK is not installed here`);
  return wanted;
}
