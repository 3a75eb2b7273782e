import { printPath } from "@mcp-fleet/contract";
import type { Finding, Outcome } from "./finding.ts";
import type { Given } from "./given.ts";
import { titleOf } from "./resource.ts";

/** What became of one resource. */
export interface ResourceReport {
  readonly resource: string;
  readonly origin: string;
  /** The fields that were taken over as they are. */
  readonly taken: readonly string[];
  /** What is to be said of the others. */
  readonly remarks: readonly Finding[];
}

/** What became of every field of every resource. */
export interface Report {
  readonly resources: readonly ResourceReport[];
  /** The files that were written, by their paths. */
  readonly files: readonly string[];
}

export function reportOf(given: Given, files: readonly string[]): Report {
  const resources = given.readings.map((reading) => ({
    resource: titleOf(reading.resource),
    origin: reading.resource.placeOf([]),
    taken: reading
      .findings()
      .filter(({ outcome }) => outcome === "taken")
      .map(({ path }) => printPath(path)),
    remarks: reading.remarks(),
  }));
  return { resources, files };
}

const HEADINGS: Readonly<Record<Exclude<Outcome, "taken">, string>> = {
  left: "Not taken over",
  different: "Taken over with a difference",
  unused: "Without use here",
  kept: "Not ToolHive's",
};

const remarksOf = ({ resources }: Report, outcome: Outcome): Finding[] =>
  resources.flatMap(({ remarks }) => remarks.filter((remark) => remark.outcome === outcome));

/** REPORT.md. */
export function reportPage(report: Report): string {
  const taken = report.resources.filter((one) => one.taken.length > 0);
  return [
    "# Import from ToolHive",
    "",
    summary(report),
    "",
    ...Object.entries(HEADINGS).flatMap(([outcome, heading]) => section(report, outcome, heading)),
    "## Taken over",
    "",
    ...taken.map(
      ({ resource, taken: fields }) => `- ${code(resource)}: ${fields.map(code).join(", ")}`,
    ),
    "",
  ].join("\n");
}

function section(report: Report, outcome: string, heading: string): string[] {
  const found = report.resources.flatMap(({ remarks }) =>
    remarks.filter((one) => one.outcome === outcome),
  );
  if (found.length === 0) return [];
  const rows = found.map(
    ({ resource, path, why = "", fix = "", origin }) =>
      `| ${[code(resource), code(printPath(path) || "all of it"), cell(why), cell(fix), code(origin)].join(" | ")} |`,
  );
  return [
    `## ${heading}`,
    "",
    "| Resource | Field | Why | What to do | Where |",
    "| --- | --- | --- | --- | --- |",
    ...rows,
    "",
  ];
}

/** What the command prints. */
export function summary(report: Report): string {
  const count = (outcome: Outcome) => remarksOf(report, outcome).length;
  const taken = report.resources.reduce((sum, one) => sum + one.taken.length, 0);
  const fields = (number: number) => (number === 1 ? "1 field" : `${number} fields`);
  const resources =
    report.resources.length === 1 ? "1 resource" : `${report.resources.length} resources`;
  return (
    `${resources}: ${fields(taken)} taken over, ` +
    `${count("different")} with a difference, ${count("left")} not taken over.`
  );
}

const code = (text: string) => `\`${text.replaceAll("`", "'").replaceAll("|", "\\|")}\``;
const cell = (text: string) => text.replaceAll("|", "\\|").replaceAll(/\s+/g, " ");
