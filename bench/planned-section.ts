import { availableParallelism } from "node:os";
import type { Cell } from "../testkit/planned/cell.ts";
import { type Comparison, excess, isRight } from "../testkit/planned/comparison.ts";
import type { Peak } from "../testkit/planned/peak.ts";
import { markdown } from "../tools/docs/generated-table.ts";

const BEGIN = "<!-- BEGIN measured: predicted -->";
const END = "<!-- END measured -->";

const MEBIBYTE = 2 ** 20;

/** A cell that this machine cannot run, and why. */
export interface Skipped {
  readonly cell: Cell;
  readonly because: string;
}

/** The page with what was measured between its marks. */
export function withSection(page: string, text: string): string {
  const from = page.indexOf(BEGIN);
  const to = page.indexOf(END, from);
  if (from < 0 || to < 0) throw new Error("docs/capacity.md has no marks for what was measured");
  return `${page.slice(0, from + BEGIN.length)}\n\n${text}\n\n${page.slice(to)}`;
}

/** A table for each of what is compared. */
export function section(peaks: readonly Peak[], skipped: readonly Skipped[]): string {
  const mebibytes = (bytes: number) => (bytes / MEBIBYTE).toFixed(1);
  return [
    `Node ${process.versions.node}, ${process.platform} ${process.arch}, ${availableParallelism()} cores, ${new Date().toISOString().slice(0, 10)}.`,
    "### Descriptors of the gateway",
    table(peaks, ({ descriptors }) => descriptors, String),
    "### Memory of the gateway, MiB",
    table(peaks, ({ memory }) => memory, mebibytes),
    "### Memory of the store, MiB",
    table(peaks, ({ store }) => store, mebibytes),
    ...skipped.map(({ cell, because }) => `${nameOf(cell)} is skipped: ${because}.`),
  ].join("\n\n");
}

export function nameOf({ sessions, backends }: Cell): string {
  return `${sessions} sessions × ${backends} backends`;
}

function table(
  peaks: readonly Peak[],
  of: (peak: Peak) => Comparison,
  print: (amount: number) => string,
): string {
  const head = [
    "Sessions",
    "Backends",
    "Used at the peak",
    "Predicted",
    "Predicted ÷ used",
    "With the reserve",
    "",
  ];
  const rows = peaks.map((peak) => {
    const comparison = of(peak);
    return [
      String(peak.cell.sessions),
      String(peak.cell.backends),
      print(comparison.used),
      print(comparison.predicted),
      excess(comparison).toFixed(2),
      print(comparison.limit),
      verdict(comparison),
    ];
  });
  return markdown(head, rows);
}

function verdict(comparison: Comparison): string {
  if (isRight(comparison)) return "right";
  return comparison.used > comparison.limit ? "too little" : "too much";
}
