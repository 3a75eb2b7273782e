import { describe, expect, it } from "vitest";
import { COLUMNS, isMissing, measure, OURS } from "../testkit/odd-servers/columns.ts";
import { isUpToDate, pageOutcomes } from "../testkit/odd-servers/page.ts";
import { ROWS } from "../testkit/odd-servers/rows/rows.ts";
import { shortfallsOf } from "../testkit/odd-servers/shortfalls.ts";

const recorded = pageOutcomes();

describe(`docs/odd-servers.md, with ${ROWS.length} servers`, () => {
  it("has the tables that its rows make, with an outcome in each cell", () => {
    const empty = ROWS.filter(({ name }) => {
      const row = recorded.get(name) ?? {};
      return Object.keys(row).length < Object.keys(COLUMNS).length;
    });

    expect(empty.map(({ name }) => name)).toEqual([]);
    expect(isUpToDate(), "run: make proof PART=odd-servers").toBe(true);
  });

  it.each(OURS)(
    "says that a %s works where one of 4 SDKs does directly, but for rows that say why not",
    (column) => {
      expect(shortfallsOf(recorded, column)).toEqual([]);
    },
  );

  it.each(OURS)(
    "says how far clients get through a %s",
    async (column) => {
      const found = [...(await measure(column, (row, one) => recorded.get(row)?.[one]))];

      const differs = found.filter(([row, { outcome }]) => outcome !== recorded.get(row)?.[column]);
      expect(Object.fromEntries(differs)).toEqual({});
      if (!isMissing("py2")) expect(found).toHaveLength(ROWS.length);
    },
    // A limit for a hang on a machine that is busy with something else.
    900_000,
  );
});
