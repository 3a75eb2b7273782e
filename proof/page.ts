import { execFileSync } from "node:child_process";
import { availableParallelism } from "node:os";

import { code, markdown } from "../tools/docs/generated-table.ts";
import type { Findings, Part } from "./part.ts";

/** The page of a part: what is proven, how to run it again, and the table of the last run. */
export function pageOf(name: string, { about, settings }: Part, findings: Findings): string {
  const given = Object.entries(settings).map(
    ([setting, fallback]) => `${code(setting)} (${fallback})`,
  );
  const changed =
    given.length === 0 ? "" : ` Settings, as environment variables: ${given.join(", ")}.`;
  const { setup, columns, rows } = findings;
  const table = markdown(
    [...columns, "Holds"],
    rows.map(({ cells, holds }) => [...cells, holds ? "yes" : "**no**"]),
  );
  return `# Proof: ${name}

${about}

\`make proof PART=${name}\` runs it again and writes this page.${changed}

${commit()}, ${new Date().toISOString().slice(0, 10)}, Node ${process.versions.node}, ${availableParallelism()} cores: ${setup}.

${table}
`;
}

/** What the tree is; pages do not count as a change of it. */
function commit(): string {
  const git = (...args: readonly string[]) =>
    execFileSync("git", args, { cwd: import.meta.dirname, encoding: "utf8" }).trim();
  const hash = git("rev-parse", "--short=10", "HEAD");
  const isChanged = git("status", "--porcelain", "--", ":/", ":(exclude,top)docs") !== "";
  return `Commit ${hash}${isChanged ? " and changes that are not committed" : ""}`;
}
