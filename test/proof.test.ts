import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { ACCEPTED } from "../testkit/checkers/accepted-findings.ts";

const ROOT = join(import.meta.dirname, "..");
const PAGES = readdirSync(join(ROOT, "docs/proof"));

function prove(args: readonly string[], variables: Readonly<Record<string, string>> = {}) {
  const command = ["proof/main.ts", ...args];
  const env = { ...process.env, ...variables };
  return spawnSync(process.execPath, command, { cwd: ROOT, env, encoding: "utf8" });
}

describe("make proof", () => {
  let listed: string[];

  beforeAll(() => {
    const { status, stdout } = prove([]);
    expect(status).toBe(0);
    listed = stdout.trimEnd().split("\n");
  });

  it("without PART lists at least 4 parts, each with 1 sentence and its settings, if it has some", () => {
    expect(listed.length).toBeGreaterThanOrEqual(4);
    for (const line of listed) {
      expect(line).toMatch(/^ {2}make proof PART=[a-z-]+ +[A-Z][^.]*\.(?: \([A-Z_]+: .+\))?$/);
    }
  });

  it.each([
    [
      "nothing",
      {},
      /^proof: PART=nothing must be one of certificates, differential, fuzz, languages, large-stack, manifests, odd-servers, second-store, seeds, soak, [a-z, -]+\n$/,
    ],
    ["upgrades", { FROM: "nowhere" }, /^proof: FROM=nowhere is no commit here\n$/],
    ["soak", { SEED: "0" }, /^proof: SEED=0 must be a whole number from 1 to 999999999\n$/],
    ["soak", { SOAK_SECONDS: "1.5" }, /^proof: SOAK_SECONDS=1.5 must be a whole number/],
  ])("with PART=%s and %o says in 1 line what is wrong, and exits 1", (part, variables, line) => {
    const { status, stderr } = prove([part], variables);
    expect(stderr).toMatch(line);
    expect(status).toBe(1);
  });

  it.each(PAGES)(
    "wrote docs/proof/%s with commit, date and a table in which each row holds",
    (file) => {
      const name = file.replace(/\.md$/, "");
      expect(listed.filter((line) => line.includes(`PART=${name} `))).toHaveLength(1);
      const page = readFileSync(join(ROOT, "docs/proof", file), "utf8");
      expect(page).toContain(`# Proof: ${name}\n`);
      expect(page).toContain(`\`make proof PART=${name}\` runs it again`);
      expect(page).toMatch(
        /^Commit [0-9a-f]{10}[a-z ]*, \d{4}-\d\d-\d\d, Node [\d.]+, \d+ cores: .+\.$/m,
      );
      const [, , ...rows] = page.split("\n").filter((line) => line.startsWith("| "));
      expect(rows.length).toBeGreaterThan(0);
      expect(rows.filter((row) => !/\| yes +\|$/.test(row))).toEqual([]);
    },
  );
});

describe("findings that stay", () => {
  const page = readFileSync(join(ROOT, "docs/proof/manifests.md"), "utf8");

  it("are in the table of the manifests, each rule with its reason and at least 1 object", () => {
    const rows = page.split("\n").filter((line) => /^\| (?:checkov|kube-score) /.test(line));
    const listed = rows.map((row) => row.split(/ +\| +/).map((cell) => cell.replace(/^\| /, "")));
    expect(listed.map(([rule = "", , , , reason]) => [rule, reason])).toEqual(
      Object.entries(ACCEPTED)
        .map(([rule, { reason }]) => [rule, reason])
        .toSorted(([one = ""], [other = ""]) => (one < other ? -1 : 1)),
    );
    for (const [rule, , count] of listed) expect(Number(count), rule).toBeGreaterThan(0);
  });
});
