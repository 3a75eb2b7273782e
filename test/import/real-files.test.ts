import { describe, expect, it } from "vitest";
import { TOOLHIVE_RESOURCES, toolHiveFiles, verdictOf } from "../../tools/docs/import-table.ts";

const files = toolHiveFiles();

describe.skipIf(files.length === 0)(
  `each file of ${files.length === 0 ? TOOLHIVE_RESOURCES : "TOOLHIVE_RESOURCES"}`,
  () => {
    it("is imported, or refused with faults and no exception", () => {
      const verdicts = files.map((file) => ({ file, ...verdictOf(file) }));
      const silent = verdicts.filter(
        ({ verdict, rules }) =>
          (verdict === "refused" || verdict === "no resource") && rules.length === 0,
      );
      expect(silent).toEqual([]);
      expect(verdicts.filter(({ verdict }) => verdict === "complete").length).toBeGreaterThan(0);
    });
  },
);
