import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { TOPICS, type Topic } from "../../runtime/import/finding.ts";
import { ImportError } from "../../runtime/import/import-error.ts";
import { importToolHive } from "../../runtime/import/import-toolhive.ts";
import { ResourceReader } from "../../runtime/import/resource-reader.ts";
import { SourceReader } from "../../runtime/import/source.ts";
import { markdown } from "./generated-table.ts";

const ROOT = join(import.meta.dirname, "../..");

/** Real resources of ToolHive, which are no part of this repository. */
export const TOOLHIVE_RESOURCES =
  process.env.TOOLHIVE_RESOURCES ?? join(ROOT, "../shared/data/toolhive");

/** The files of the folder; none where it is not there. */
export function toolHiveFiles(): string[] {
  if (!existsSync(TOOLHIVE_RESOURCES)) return [];
  return readdirSync(TOOLHIVE_RESOURCES)
    .filter((name) => name.endsWith(".yaml"))
    .toSorted();
}

/** What the import of one file comes to. */
export interface FileVerdict {
  readonly verdict: "complete" | "but for" | "refused" | "no resource";
  /** What is not taken over. */
  readonly topics: readonly Topic[];
  /** Why it is refused. */
  readonly rules: readonly string[];
}

/** Imports a file by itself, as users do. */
export function verdictOf(file: string): FileVerdict {
  const { files, faults } = new SourceReader([join(TOOLHIVE_RESOURCES, file)]);
  const reader = new ResourceReader(files);
  const before = [...faults, ...reader.faults];
  const options = { language: "typescript", keepServers: false } as const;
  if (before.length > 0) {
    return { verdict: "no resource", topics: [], rules: before.map(({ rule }) => rule) };
  }
  const all = importToolHive(reader.resources, {
    ...options,
    acceptOpen: ["incomingAuth", "authz", "tools", "webhooks"],
  });
  const left = all.report.resources.flatMap(({ remarks }) =>
    remarks.filter(({ outcome }) => outcome === "left"),
  );
  const topics = [...new Set(left.map(({ topic = "other" }) => topic))];
  try {
    importToolHive(reader.resources, { ...options, acceptOpen: [] });
    return { verdict: topics.length > 0 ? "but for" : "complete", topics, rules: [] };
  } catch (error) {
    if (!(error instanceof ImportError)) throw error;
    return { verdict: "refused", topics, rules: error.faults.map(({ rule }) => rule) };
  }
}

const BEGIN = "<!-- BEGIN generated: import -->";

/** How real files fare. Where they are not there, the table is what it was. */
export function importTable(): string {
  const files = toolHiveFiles();
  if (files.length === 0) {
    const page = readFileSync(join(ROOT, "docs/toolhive.md"), "utf8");
    const from = page.indexOf(BEGIN) + BEGIN.length;
    return page.slice(from, page.indexOf("<!-- END generated -->", from)).trim();
  }
  const verdicts = files.map(verdictOf);
  const count = (verdict: FileVerdict["verdict"]) =>
    String(verdicts.filter((one) => one.verdict === verdict).length);
  const rows = [
    ["Complete", count("complete")],
    ["Complete but for fields that the report names", count("but for")],
    ["Refused until `--accept-open` names what would be open", count("refused")],
    ["Neither a resource nor a `vmcp.yaml`", count("no resource")],
    ["All", String(files.length)],
  ];
  const missing = TOPICS.map((topic) => [
    topic,
    String(verdicts.filter(({ topics }) => topics.includes(topic)).length),
  ]).filter(([, number]) => number !== "0");
  return [
    markdown(["Import of each file by itself", "Files"], rows),
    markdown(["What is not taken over", "Files"], missing),
  ].join("\n\n");
}
