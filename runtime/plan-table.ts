import {
  type Figure,
  formatBytes,
  formatSeconds,
  INPUT_NAMES,
  INPUTS,
  type Plan,
  type Unit,
} from "./contract/index.ts";
import { MEBIBYTE } from "./contract/pod-size.ts";

/** What one line shows: a name, an amount, and where it comes from. */
type Row = readonly [name: string, amount: string, from: string];

/** A plan as text: each figure with its formula, and below it the terms and where they come from. */
export function planTable({ inputs, store, grace, ...pod }: Plan): string {
  const asked = INPUT_NAMES.map((name): Row => {
    const { unit, about } = INPUTS[name];
    return [name, amount(inputs[name], unit), about];
  });
  return [
    section("What is asked", [...asked, ["store", inputs.store, "Where sessions are kept"]]),
    section("The fleet, and each pod of it while one is lost", rowsOf(pod)),
    ...(store === undefined ? [] : [section("The store, for all pods", rowsOf({ ...store }))]),
    section("The time that a pod takes to end and to start", rowsOf({ ...grace })),
    "docs/capacity.md says where each constant comes from.\n",
  ].join("\n\n");
}

function section(title: string, rows: readonly Row[]): string {
  const names = Math.max(...rows.map(([name]) => name.length));
  const amounts = Math.max(...rows.map(([, value]) => value.length));
  const lines = rows.map(
    ([name, value, from]) => `${name.padEnd(names)}  ${value.padStart(amounts)}  ${from}`,
  );
  return [title, "", ...lines].join("\n");
}

function rowsOf(figures: Readonly<Record<string, Figure>>): Row[] {
  return Object.entries(figures).flatMap(([name, { value, unit, formula, terms }]): Row[] => {
    const [only] = terms;
    if (only !== undefined && terms.length === 1) return [[name, amount(value, unit), only.from]];
    const below = terms.map((term): Row => {
      const from = term.from === term.name ? "as above" : term.from;
      return [`  ${term.name}`, amount(term.value, term.unit), from];
    });
    return [[name, amount(value, unit), `= ${formula}`], ...below];
  });
}

/** Sizes as a manifest writes them, or to a tenth of a mebibyte. */
function amount(value: number, unit: Unit): string {
  switch (unit) {
    case "bytes":
      if (value % MEBIBYTE === 0 || value < MEBIBYTE) return formatBytes(value);
      return `${(value / MEBIBYTE).toFixed(1)}Mi`;
    case "seconds":
      return formatSeconds(value);
    case "percent":
      return `${value} %`;
    default:
      return `${value.toLocaleString("en-US")} ${value === 1 ? unit.replace(/s$/, "") : unit}`;
  }
}
